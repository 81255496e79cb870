import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import { ownedBy } from '../objects.ts';
import type { Situation } from '../situation.ts';
import { matcherOf } from './matcher.ts';

/** VMIs of a replica set, by what they count for. Source: kubevirt replicaset.go 5.2. */
export type ReplicaMembers = {
  readonly active: readonly Vmi[];
  /** Ran to an end, well or not. */
  readonly finished: readonly Vmi[];
  /** The pod goes away under a VMI that still stands: it may or may not run on. */
  readonly unknown: readonly Vmi[];
  readonly terminating: readonly Vmi[];
  /** Owned, though the selector does not match their labels: none of the others. */
  readonly strays: readonly Vmi[];
};

export function replicaMembers({
  view,
  set,
  problem,
}: Pick<Situation<ReplicaSet>, 'view' | 'set' | 'problem'>): ReplicaMembers {
  const members = ownedBy(view, set.meta.uid).filter((object) => isVmi(object));
  const living = members.filter((vmi) => vmi.meta.deletedAt === undefined);
  const matches = (problem === undefined ? matcherOf(set) : undefined) ?? (() => true);
  const standing = living.filter(matches);
  return {
    strays: standing.length === living.length ? [] : living.filter((vmi) => !matches(vmi)),
    active: standing.filter((vmi) => !isFinished(vmi) && !losesPod(vmi)),
    finished: standing.filter(isFinished),
    unknown: standing.filter((vmi) => !isFinished(vmi) && losesPod(vmi)),
    terminating: members.filter((vmi) => vmi.meta.deletedAt !== undefined),
  };
}

export function isFinished(vmi: Vmi): boolean {
  return vmi.phase === 'Succeeded' || vmi.phase === 'Failed';
}

function losesPod(vmi: Vmi): boolean {
  return vmi.ready?.status === 'False' && vmi.ready.reason === 'PodTerminating';
}

function isVmi(object: { readonly kind: string }): object is Vmi {
  return object.kind === 'VirtualMachineInstance';
}
