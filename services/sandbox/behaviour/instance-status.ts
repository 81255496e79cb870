import type { KubeObject } from '../store/types.ts';
import { listAt, recordAt, textAt } from './read.ts';

/** KubeVirt's own finalizer; it stands on machines and on instances. */
export const kubevirtFinalizer = 'kubevirt.io/virtualMachineControllerFinalize';

/** Succeeded and Failed end the life of an instance; it runs no more. */
export function hasEnded(instance: KubeObject): boolean {
  const phase = textAt(instance, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Whether an instance came as far as running, in this phase or in one before. */
export function hasRun(instance: KubeObject): boolean {
  if (textAt(instance, 'status', 'phase') === 'Running') return true;
  const passed = listAt(instance, 'status', 'phaseTransitionTimestamps');
  return passed.some((each) => textAt(each, 'phase') === 'Running');
}

/** What the status of an instance says before it has a node. */
export function pendingStatus(time: string): Readonly<Record<string, unknown>> {
  return {
    phase: 'Pending',
    conditions: [notReady('PodNotExists', 'nothing runs for this instance yet', time)],
    phaseTransitionTimestamps: [{ phase: 'Pending', phaseTransitionTimestamp: time }],
  };
}

export function transitions(
  instance: KubeObject,
  phases: readonly string[],
  time: string,
): Readonly<Record<string, unknown>> {
  const field = 'phaseTransitionTimestamps';
  const added = phases.map((phase) => ({ phase, phaseTransitionTimestamp: time }));
  return { [field]: [...listAt(recordAt(instance, 'status'), field), ...added] };
}

/** The time of the probe is what the time to heal counts from; a ready instance has none, as in KubeVirt. */
export function notReady(reason: string, message: string, time: string): unknown {
  return {
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastProbeTime: time,
    lastTransitionTime: time,
  };
}
