import type { KubeObject } from '../store/types.ts';
import { hasEnded, hasRun } from './instance-status.ts';
import { at, numberAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';

/** `status.startFailure` of a machine: how often in a row its instance ended without ever running. */
export type StartFailure = {
  readonly consecutiveFailCount: number;
  readonly lastFailedVMIUID: string;
  readonly retryAfterTimestamp: string;
};

/** KubeVirt waits ten times as long at each step; a laptop's user does not. */
const backoffStepMs = 1_000;
const longestBackoffMs = 30_000;

export function startFailureOf(machine: KubeObject): StartFailure | undefined {
  const count = numberAt(machine, 'status', 'startFailure', 'consecutiveFailCount');
  if (count === undefined || count === 0) return undefined;
  return {
    consecutiveFailCount: count,
    lastFailedVMIUID: textAt(machine, 'status', 'startFailure', 'lastFailedVMIUID') ?? '',
    retryAfterTimestamp: textAt(machine, 'status', 'startFailure', 'retryAfterTimestamp') ?? '',
  };
}

const restarting = new Set(['Always', 'RerunOnFailure', 'Once']);

/** One more for each instance that failed, none as soon as one ran or the machine is not to be started. */
export function nextStartFailure(
  scene: Scene,
  machine: KubeObject,
  { instance, strategy }: { readonly instance: KubeObject | undefined; readonly strategy: string },
): StartFailure | undefined {
  const known = startFailureOf(machine);
  if (!restarting.has(strategy)) return undefined;
  if (instance === undefined) return known;
  if (hasRun(instance)) return undefined;
  const { uid } = instance.metadata;
  const isNewFailure = hasEnded(instance) && known?.lastFailedVMIUID !== uid;
  // An instance that someone stopped before it ran has not failed.
  if (!isNewFailure || at(instance, 'metadata', 'deletionTimestamp') !== undefined) return known;
  const consecutiveFailCount = (known?.consecutiveFailCount ?? 0) + 1;
  const retryAtMs = Date.parse(scene.now()) + backoffMs(consecutiveFailCount);
  return {
    consecutiveFailCount,
    lastFailedVMIUID: uid,
    retryAfterTimestamp: `${new Date(retryAtMs).toISOString().slice(0, 19)}Z`,
  };
}

/** Milliseconds until a machine may be started again; 0 when it may now. */
export function backoffLeft({ stages }: Scene, machine: KubeObject): number {
  const failure = startFailureOf(machine);
  if (failure === undefined) return 0;
  const { consecutiveFailCount: count } = failure;
  return stages.left(machine, `back-off ${count}`, backoffMs(count));
}

/** Grows with the square of the failures, as in KubeVirt, without its jitter. */
function backoffMs(failures: number): number {
  return Math.min(backoffStepMs * failures ** 2, longestBackoffMs);
}
