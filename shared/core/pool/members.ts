import type { Uid } from '#shared/contract/ids.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import type { Balance } from '#shared/contract/records.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { addressOf, byName, desiredOf, isReady, isTerminating, isVm, ownedBy } from '../objects.ts';
import { ordinalOf } from '../names.ts';
import { createdAddress } from '../pending.ts';
import type { Situation } from '../situation.ts';

/** VMs of a pool. All are owned by its uid; terminating ones count as present. */
export type PoolMembers = {
  readonly all: readonly Vm[];
  /** Neither terminating nor about to be deleted by us, highest ordinal first. */
  readonly staying: readonly Vm[];
  readonly terminating: readonly Vm[];
  /** Standing, with a delete of ours on its way. */
  readonly doomed: ReadonlySet<Uid>;
  /** Creates on their way whose VM is not seen yet. */
  readonly coming: number;
  /** Members that are missing; zero or less when none is. */
  readonly missing: number;
  /** Members too many; zero or less when none is. */
  readonly surplus: number;
};

export function poolMembers(situation: Situation<Pool>): PoolMembers {
  const { view, set, pending } = situation;
  const all = ownedBy(view, set.meta.uid).filter(isVm);
  const standing = all.filter((vm) => !isTerminating(vm));
  const doomed = doomedBy(situation);
  const staying = standing.filter((vm) => !doomed.has(vm.meta.uid)).toSorted(highestFirst);
  const present = new Set(all.map(addressOfVm));
  const coming = pending.filter(({ command }) => command.verb === 'create-vm');
  const unseen = coming.filter((create) => !present.has(createdAddress(create) ?? ''));
  const desired = desiredOf(set);
  return {
    all,
    staying,
    terminating: all.filter(isTerminating),
    doomed: new Set(standing.map((vm) => vm.meta.uid).filter((uid) => doomed.has(uid))),
    coming: unseen.length,
    missing: desired - all.length - unseen.length,
    surplus: staying.length - desired,
  };
}

/** Members that a pending delete of ours is about. */
export function doomedBy({ pending }: Situation): ReadonlySet<Uid> {
  return new Set(
    pending.flatMap(({ command }) =>
      command.verb === 'delete-member' ? [command.member.uid] : [],
    ),
  );
}

export function poolBalance(set: Pool, members: PoolMembers): Balance {
  const { missing, surplus } = members;
  return {
    desired: desiredOf(set),
    active: members.all.length - members.terminating.length,
    terminating: members.terminating.length,
    ready: members.all.filter(isReady).length,
    creating: members.coming,
    deleting: members.doomed.size,
    surplus: surplus > 0 ? surplus : Math.min(0, -missing),
  };
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
