import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import { byName } from '../objects.ts';
import type { Situation } from '../situation.ts';
import { matcherOf } from './matcher.ts';

/** VMIs of a replica set, by what they count for, in no order. Source: kubevirt replicaset.go 5.2. */
export type ReplicaMembers = {
  readonly active: readonly Vmi[];
  /** Ran to an end, well or not. */
  readonly finished: readonly Vmi[];
  /** The pod goes away under a VMI that still stands: it may or may not run on. */
  readonly unknown: readonly Vmi[];
  readonly terminating: readonly Vmi[];
  /** Owned, though the selector does not match their labels: none of the others. By name. */
  readonly strays: readonly Vmi[];
};

export function replicaMembers({
  view,
  set,
  problem,
}: Pick<Situation<ReplicaSet>, 'view' | 'set' | 'problem'>): ReplicaMembers {
  const matches = problem === undefined ? matcherOf(set) : undefined;
  const active: Vmi[] = [];
  const finished: Vmi[] = [];
  const unknown: Vmi[] = [];
  const terminating: Vmi[] = [];
  const strays: Vmi[] = [];
  for (const uid of view.owned.get(set.meta.uid) ?? []) {
    const vmi = view.objects.get(uid);
    if (vmi?.kind !== 'VirtualMachineInstance') continue;
    if (vmi.meta.deletedAt !== undefined) terminating.push(vmi);
    else if (matches?.(vmi) === false) strays.push(vmi);
    else if (isFinished(vmi)) finished.push(vmi);
    else if (losesPod(vmi)) unknown.push(vmi);
    else active.push(vmi);
  }
  return { active, finished, unknown, terminating, strays: strays.toSorted(byName) };
}

export function isFinished(vmi: Vmi): boolean {
  return vmi.phase === 'Succeeded' || vmi.phase === 'Failed';
}

function losesPod(vmi: Vmi): boolean {
  return vmi.ready?.status === 'False' && vmi.ready.reason === 'PodTerminating';
}
