import type { KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import type { Next } from './hands.ts';
import { kubevirtFinalizer, notReady, pendingStatus, transitions } from './instance-status.ts';
import { launcherNameOf, launcherOf, newLauncher } from './launcher-pod.ts';
import { placementOf } from './placement.ts';
import { conditionOf, hasFinalizer, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { troubleOf } from './troubles.ts';

const schedulingMs = 50;
/** How long the first failure to pull an image stands before it is called a back-off. */
const pullMs = 2000;
/** What is held up is looked at again, since what holds it is not watched. */
const againMs = 1000;

/** Gives an instance a node and, where there are pods, its launcher, once its claims are bound. */
export function schedule(scene: Scene, instance: KubeObject): Next {
  const { hands, stages, now } = scene;
  if (!claimsAreBound(scene, instance)) {
    const known = textAt(instance, 'status', 'phase') !== undefined;
    return known
      ? undefined
      : hands.patch(instance, 'virt-controller', firstWrite(instance, now()));
  }
  const isNew = textAt(instance, 'status', 'phase') !== 'Scheduling';
  const left = isNew ? stages.left(instance, 'scheduling', schedulingMs) : 0;
  if (left > 0) return left;
  const placement = placementOf(scene, instance);
  const node = placement.kind === 'node' ? placement.name : undefined;
  const launched = scene.pods ? launch(scene, instance, node) : 'launched';
  if (launched !== 'launched') return launched.next;
  if (placement.kind === 'nowhere') return unschedulable(scene, instance, placement.message);
  if (troubleOf(scene, instance) === 'image') return imageless(scene, instance);
  return place(scene, instance, placement.name);
}

function claimsAreBound({ mirror }: Scene, instance: KubeObject): boolean {
  const { namespace = '' } = instance.metadata;
  return claimsOf(instance).every((name) => {
    const claim = mirror.see('PersistentVolumeClaim', namespace, name);
    return textAt(claim, 'status', 'phase') === 'Bound';
  });
}

/** An instance that someone else made comes without finalizer and status. */
function firstWrite(instance: KubeObject, time: string): unknown {
  return { metadata: finalizers(instance), status: pendingStatus(time) };
}

/** Makes the pod, or tells it its node; a pod that is refused keeps the instance waiting. */
function launch(
  scene: Scene,
  instance: KubeObject,
  node: string | undefined,
): 'launched' | { readonly next: Next } {
  const pod = launcherOf(scene, instance);
  if (pod === undefined) {
    const { namespace = '' } = instance.metadata;
    const body = newLauncher(instance, node);
    const next = scene.hands.create('Pod', 'virt-controller', { namespace, body });
    return scene.mirror.see('Pod', namespace, launcherNameOf(instance)) === undefined
      ? { next: next ?? againMs }
      : 'launched';
  }
  if (node === undefined || textAt(pod, 'spec', 'nodeName') !== undefined) return 'launched';
  const next = scene.hands.patch(pod, 'kube-controller-manager', { spec: { nodeName: node } });
  return next === undefined ? 'launched' : { next };
}

function place({ hands, now }: Scene, instance: KubeObject, node: string): Next {
  return hands.patch(instance, 'virt-controller', {
    metadata: { labels: { 'kubevirt.io/nodeName': node }, ...finalizers(instance) },
    status: {
      phase: 'Scheduled',
      nodeName: node,
      conditions: [notReady('GuestNotRunning', 'the guest is not running yet', now())],
      ...transitions(instance, [...phasesUntilHere(instance), 'Scheduled'], now()),
    },
  });
}

function unschedulable(scene: Scene, instance: KubeObject, message: string): Next {
  const known = conditionOf(instance, 'PodScheduled');
  if (textAt(known, 'status') === 'False') return againMs;
  return holdUp(scene, instance, {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
  });
}

function imageless(scene: Scene, instance: KubeObject): Next {
  const left = scene.stages.left(instance, 'image-pull', pullMs);
  const reason = left > 0 ? 'ErrImagePull' : 'ImagePullBackOff';
  const known = conditionOf(instance, 'Synchronized');
  if (textAt(known, 'reason') === reason) return left > 0 ? left : againMs;
  const message = 'the image of the machine cannot be pulled';
  return holdUp(scene, instance, { type: 'Synchronized', status: 'False', reason, message });
}

type Hindrance = {
  readonly type: 'PodScheduled' | 'Synchronized';
  readonly status: 'False';
  readonly reason: string;
  readonly message: string;
};

/** Told once for each reason; the instance stays Scheduling and keeps the time since when it is not ready. */
function holdUp({ hands, now }: Scene, instance: KubeObject, hindrance: Hindrance): Next {
  const time = now();
  const ready =
    conditionOf(instance, 'Ready') ??
    notReady('PodNotExists', 'nothing runs for this instance yet', time);
  return hands.patch(instance, 'virt-controller', {
    metadata: finalizers(instance),
    status: {
      phase: 'Scheduling',
      conditions: [ready, { ...hindrance, lastProbeTime: null, lastTransitionTime: time }],
      ...transitions(instance, phasesUntilHere(instance), time),
    },
  });
}

/** The phases up to Scheduling that the instance has not told yet. */
function phasesUntilHere(instance: KubeObject): readonly string[] {
  const phase = textAt(instance, 'status', 'phase');
  if (phase === 'Scheduling') return [];
  return phase === undefined ? ['Pending', 'Scheduling'] : ['Scheduling'];
}

function finalizers(instance: KubeObject): Readonly<Record<string, unknown>> {
  if (hasFinalizer(instance, kubevirtFinalizer)) return {};
  return { finalizers: [...(instance.metadata.finalizers ?? []), kubevirtFinalizer] };
}
