import type { KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import type { Next } from './hands.ts';
import { addressOf, nodeOf } from './node.ts';
import { at, hasFinalizer, isDeleting, listAt, numberAt, recordAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';

/** KubeVirt's own finalizer; it stands on machines and on instances. */
export const kubevirtFinalizer = 'kubevirt.io/virtualMachineControllerFinalize';

const schedulingMs = 50;
const bootMs = 150;
/** No guest is asked to shut down here, so the grace period of the spec is cut short. */
const longestShutdownMs = 100;

/**
 * The life of an instance: Pending → (Scheduling →) Scheduled → Running, in two writes after the one
 * that made it, then the shutdown. An instance without its claims stays Pending.
 */
export function tendInstance(scene: Scene, instance: KubeObject): Next {
  if (isDeleting(instance)) return shutDown(scene, instance);
  const phase = textAt(instance, 'status', 'phase') ?? 'Pending';
  if (phase === 'Pending') return schedule(scene, instance);
  if (phase === 'Scheduling' || phase === 'Scheduled') return boot(scene, instance);
  return undefined;
}

/** Succeeded and Failed end the life of an instance; it runs no more. */
export function hasEnded(instance: KubeObject): boolean {
  const phase = textAt(instance, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What the status of an instance says before it has a node. */
export function pendingStatus(time: string): Readonly<Record<string, unknown>> {
  return {
    phase: 'Pending',
    conditions: [notReady('PodNotExists', 'nothing runs for this instance yet', time)],
    phaseTransitionTimestamps: [{ phase: 'Pending', phaseTransitionTimestamp: time }],
  };
}

function schedule({ mirror, hands, stages, now }: Scene, instance: KubeObject): Next {
  const { namespace = '' } = instance.metadata;
  const bound = claimsOf(instance).every((name) => {
    const claim = mirror.see('PersistentVolumeClaim', namespace, name);
    return textAt(claim, 'status', 'phase') === 'Bound';
  });
  if (!bound) {
    const known = textAt(instance, 'status', 'phase') !== undefined;
    return known
      ? undefined
      : hands.patch(instance, 'virt-controller', firstWrite(instance, now()));
  }
  const left = stages.left(instance, 'scheduling', schedulingMs);
  if (left > 0) return left;
  const node = nodeOf(instance);
  const start = textAt(instance, 'status', 'phase') === undefined ? ['Pending'] : [];
  return hands.patch(instance, 'virt-controller', {
    metadata: { labels: { 'kubevirt.io/nodeName': node }, ...finalizers(instance) },
    status: {
      phase: 'Scheduled',
      nodeName: node,
      conditions: [notReady('GuestNotRunning', 'the guest is not running yet', now())],
      ...transitions(instance, [...start, 'Scheduling', 'Scheduled'], now()),
    },
  });
}

/** An instance that someone else made comes without finalizer and status. */
function firstWrite(instance: KubeObject, time: string): unknown {
  return { metadata: finalizers(instance), status: pendingStatus(time) };
}

function boot({ hands, stages, now }: Scene, instance: KubeObject): Next {
  const left = stages.left(instance, 'boot', bootMs);
  if (left > 0) return left;
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

/** The last write tells the end and lets go in one, so that a foreign finalizer leaves no running corpse. */
function shutDown({ hands, stages, now }: Scene, instance: KubeObject): Next {
  if (!hasFinalizer(instance, kubevirtFinalizer)) return undefined;
  const graceMs = (numberAt(instance, 'spec', 'terminationGracePeriodSeconds') ?? 30) * 1000;
  const left = stages.left(instance, 'shutdown', Math.min(graceMs, longestShutdownMs));
  if (left > 0) return left;
  const kept = instance.metadata.finalizers?.filter((name) => name !== kubevirtFinalizer);
  return hands.patch(instance, 'virt-controller', {
    metadata: { finalizers: kept },
    status: {
      ...(!hasEnded(instance) && { phase: 'Succeeded' }),
      conditions: [notReady('PodTerminating', 'the instance was deleted', now())],
    },
  });
}

function finalizers(instance: KubeObject): Readonly<Record<string, unknown>> {
  if (hasFinalizer(instance, kubevirtFinalizer)) return {};
  return { finalizers: [...(instance.metadata.finalizers ?? []), kubevirtFinalizer] };
}

function transitions(
  instance: KubeObject,
  phases: readonly string[],
  time: string,
): Readonly<Record<string, unknown>> {
  const field = 'phaseTransitionTimestamps';
  const added = phases.map((phase) => ({ phase, phaseTransitionTimestamp: time }));
  return { [field]: [...listAt(recordAt(instance, 'status'), field), ...added] };
}

function notReady(reason: string, message: string, time: string): unknown {
  return {
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: time,
  };
}

/** Whether an instance has a node and has not ended: what protects its claims from deletion. */
export function holdsClaims(instance: KubeObject): boolean {
  return at(instance, 'status', 'nodeName') !== undefined && !hasEnded(instance);
}
