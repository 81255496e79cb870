import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { launcherOf } from './launcher-pod.ts';
import { followLauncher } from './follow-launcher.ts';
import { addressOf } from './node.ts';
import { onLostNode } from './pod.ts';
import { at, hasFinalizer, isDeleting, numberAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { schedule } from './schedule.ts';
import { hasEnded, kubevirtFinalizer, notReady, transitions } from './instance-status.ts';
import { slowBootMs, troubleOf } from './troubles.ts';

const bootMs = 150;
/** No guest is asked to shut down here, so the grace period of the spec is cut short. */
const longestShutdownMs = 100;

/**
 * The life of an instance: Pending → (Scheduling →) Scheduled → Running, in two writes after the one
 * that made it, then the shutdown. An instance without its claims stays Pending.
 */
export function tendInstance(scene: Scene, instance: KubeObject): Next {
  if (isDeleting(instance)) return shutDown(scene, instance);
  if (hasEnded(instance)) return undefined;
  const phase = textAt(instance, 'status', 'phase') ?? 'Pending';
  const isPlaced = at(instance, 'status', 'nodeName') !== undefined;
  if (!isPlaced && (phase === 'Pending' || phase === 'Scheduling')) {
    return schedule(scene, instance);
  }
  const left = scene.pods ? followLauncher(scene, instance) : 'well';
  if (left !== 'well') return left.next;
  if (phase === 'Running') {
    return troubleOf(scene, instance) === 'crash' ? fail(scene, instance) : undefined;
  }
  return boot(scene, instance);
}

function boot(scene: Scene, instance: KubeObject): Next {
  const { hands, stages, now } = scene;
  const left = stages.left(instance, 'boot', slowBootMs(scene, instance) ?? bootMs);
  // A slow machine may become quick again.
  if (left > 0) return Math.min(left, 1000);
  if (troubleOf(scene, instance) === 'start') return fail(scene, instance);
  const address = addressOf(instance);
  const time = now();
  return hands.patch(instance, 'virt-handler', {
    status: {
      phase: 'Running',
      interfaces: [{ name: 'default', ipAddress: address, ipAddresses: [address] }],
      conditions: [
        { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: time },
        { type: 'LiveMigratable', status: 'True', lastProbeTime: null, lastTransitionTime: time },
      ],
      ...transitions(instance, ['Running'], time),
    },
  });
}

function fail({ hands, now }: Scene, instance: KubeObject): Next {
  return hands.patch(instance, 'virt-handler', {
    status: {
      phase: 'Failed',
      conditions: [notReady('PodTerminating', 'virt-launcher pod is terminating', now())],
      ...transitions(instance, ['Failed'], now()),
    },
  });
}

/** The last write tells the end and lets go in one, so that a foreign finalizer leaves no running corpse. */
function shutDown(scene: Scene, instance: KubeObject): Next {
  const { hands, stages, now } = scene;
  if (!hasFinalizer(instance, kubevirtFinalizer)) return undefined;
  const pod = scene.pods ? launcherOf(scene, instance) : undefined;
  // Nobody can tell that a guest on a lost node has stopped: it waits for the node, or for its pod to go.
  if (pod !== undefined && !hasEnded(instance) && onLostNode(scene, pod)) {
    return isDeleting(pod) ? undefined : hands.remove(pod, 'virt-controller');
  }
  const graceMs = (numberAt(instance, 'spec', 'terminationGracePeriodSeconds') ?? 30) * 1000;
  const left = stages.left(instance, 'shutdown', Math.min(graceMs, longestShutdownMs));
  if (left > 0) return left;
  if (pod !== undefined) hands.removeNow(pod, 'kubelet');
  const kept = instance.metadata.finalizers?.filter((name) => name !== kubevirtFinalizer);
  return hands.patch(instance, 'virt-controller', {
    metadata: { finalizers: kept },
    status: {
      ...(!hasEnded(instance) && { phase: 'Succeeded' }),
      conditions: [notReady('PodTerminating', 'the instance was deleted', now())],
    },
  });
}

/** Whether an instance has a node and has not ended: what protects its claims from deletion. */
export function holdsClaims(instance: KubeObject): boolean {
  return at(instance, 'status', 'nodeName') !== undefined && !hasEnded(instance);
}
