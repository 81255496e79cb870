import type { Uid } from '#shared/contract/ids.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { addressOf, byName, isTerminating, isVm, ownedBy } from '../objects.ts';
import { ordinalOf } from '../names.ts';
import { createdAddress } from '../pending.ts';
import { parseSelector, selectorMatches } from '../selector.ts';
import type { Situation } from '../situation.ts';

/** VMs of a pool. All are owned by its uid; terminating ones count as present. */
export type PoolMembers = {
  readonly all: readonly Vm[];
  /** Neither terminating nor about to be deleted by us, highest ordinal first. */
  readonly staying: readonly Vm[];
  readonly terminating: readonly Vm[];
  /** Standing, with a delete of ours on its way. */
  readonly doomed: ReadonlySet<Uid>;
  /** Living VMs that the pool owns though its selector does not match their labels: not counted. */
  readonly strays: readonly Vm[];
  /** Creates on their way whose VM is not seen yet. */
  readonly coming: number;
};

export function poolMembers(situation: Situation<Pool>): PoolMembers {
  const { view, set, pending } = situation;
  const owned = ownedBy(view, set.meta.uid).filter(isVm);
  const matches = situation.problem === undefined ? matcherOf(set) : () => true;
  const strays = owned.filter((vm) => !isTerminating(vm) && !matches(vm));
  const all = strays.length === 0 ? owned : owned.filter((vm) => !strays.includes(vm));
  const standing = all.filter((vm) => !isTerminating(vm));
  const doomed = doomedBy(situation);
  const staying = standing.filter((vm) => !doomed.has(vm.meta.uid)).toSorted(highestFirst);
  const present = new Set(all.map(addressOfVm));
  const coming = pending.filter(({ command }) => command.verb === 'create-vm');
  const unseen = coming.filter((create) => !present.has(createdAddress(create) ?? ''));
  return {
    all,
    staying,
    terminating: all.filter(isTerminating),
    doomed: new Set(standing.map((vm) => vm.meta.uid).filter((uid) => doomed.has(uid))),
    strays,
    coming: unseen.length,
  };
}

/** A spec that cannot be used takes no member from the pool: it is what has to be mended. */
function matcherOf({ selector }: Pool): (vm: Vm) => boolean {
  const parsed = selector === undefined ? undefined : parseSelector(selector);
  if (parsed === undefined || 'problem' in parsed) return () => true;
  return ({ meta }) => selectorMatches(parsed, meta.labels);
}

/** Members that a pending delete of ours is about. */
export function doomedBy({ pending }: Situation): ReadonlySet<Uid> {
  return new Set(
    pending.flatMap(({ command }) =>
      command.verb === 'delete-member' ? [command.member.uid] : [],
    ),
  );
}

export function hasPoolFinalizer({ meta }: Vm | Pool): boolean {
  return meta.finalizers.includes(poolFinalizer);
}

/**
 * Highest ordinal first. A member without one was not made by us and goes last; members with equal
 * ordinals go by name, so that the order is total.
 */
function highestFirst(left: Vm, right: Vm): number {
  const difference = (ordinalOf(right.meta.name) ?? -1) - (ordinalOf(left.meta.name) ?? -1);
  return difference === 0 ? byName(right, left) : difference;
}

function addressOfVm({ kind, meta }: Vm): string {
  return addressOf(kind, meta.namespace, meta.name);
}
