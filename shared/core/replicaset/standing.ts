import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import type { Balance } from '#shared/contract/records.ts';
import { addressOf, desiredOf, isReady } from '../objects.ts';
import { createdAddress } from '../pending.ts';
import type { Situation } from '../situation.ts';
import { replicaMembers, type ReplicaMembers } from './members.ts';

/** Where a replica set stands. */
export type Standing = {
  readonly members: ReplicaMembers;
  /** Active, and no delete of ours is about them. */
  readonly staying: readonly Vmi[];
  /** Active, and not certainly deleted: a delete that may yet come to nothing makes no room. */
  readonly counted: number;
  /** Creates on their way whose VMI is not seen yet. */
  readonly coming: number;
  readonly missing: number;
  readonly surplus: number;
};

export function standingOf(situation: Situation<ReplicaSet>): Standing {
  const { set, pending } = situation;
  const members = replicaMembers(situation);
  const doomed = new Map(
    pending.flatMap(({ command, outcome }) =>
      command.verb === 'delete-member' ? [[command.member.uid, outcome !== undefined]] : [],
    ),
  );
  const staying = members.active.filter(({ meta }) => !doomed.has(meta.uid));
  // A pending delete with an outcome was carried out: a refused one is not pending any more.
  const counted = members.active.filter(({ meta }) => doomed.get(meta.uid) !== true).length;
  const present = new Set(
    members.active.map(({ kind, meta }) => addressOf(kind, meta.namespace, meta.name)),
  );
  const coming = pending.filter(
    (create) => create.command.verb === 'create-vmi' && !present.has(createdAddress(create) ?? ''),
  ).length;
  const desired = desiredOf(set);
  return {
    members,
    staying,
    counted,
    coming,
    missing: desired - counted - coming,
    surplus: staying.length - desired,
  };
}

export function replicaSetBalance(set: ReplicaSet, standing: Standing): Balance {
  const { members, missing, surplus } = standing;
  return {
    desired: desiredOf(set),
    active: members.active.length,
    terminating: members.terminating.length,
    ready: members.active.filter(isReady).length,
    creating: standing.coming,
    deleting: members.active.length - standing.staying.length,
    surplus: surplus > 0 ? surplus : Math.min(0, -missing),
  };
}
