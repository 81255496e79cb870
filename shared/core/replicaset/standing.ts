import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import type { Balance } from '#shared/contract/records.ts';
import { addressOf, controllerOf, desiredOf, isReady, isTerminating } from '../objects.ts';
import { createdAddress } from '../pending.ts';
import type { Situation } from '../situation.ts';
import { isFinished, replicaMembers, type ReplicaMembers } from './members.ts';

/** Where a replica set stands. */
export type Standing = {
  readonly members: ReplicaMembers;
  /** Active, and no delete of ours is about them. */
  readonly staying: readonly Vmi[];
  /** Active, and not certainly deleted: a delete that may yet come to nothing makes no room. */
  readonly counted: number;
  /** Creates on their way whose VMI is not seen yet, and living VMIs that are being adopted. */
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
  const { active } = members;
  const staying = doomed.size === 0 ? active : active.filter(({ meta }) => !doomed.has(meta.uid));
  // A pending delete with an outcome was carried out: a refused one is not pending any more.
  const counted =
    doomed.size === 0
      ? active.length
      : active.filter(({ meta }) => doomed.get(meta.uid) !== true).length;
  const unseen = pending.filter(({ command }) => command.verb === 'create-vmi');
  const present = new Set(
    unseen.length === 0
      ? []
      : active.map(({ kind, meta }) => addressOf(kind, meta.namespace, meta.name)),
  );
  const creates = unseen.filter((create) => !present.has(createdAddress(create) ?? '')).length;
  const coming = creates + comingToUs(situation);
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

/** Nobody's VMIs that an adoption of ours is about. */
function comingToUs({ view, pending }: Situation<ReplicaSet>): number {
  return pending.filter(({ command }) => {
    if (command.verb !== 'adopt-member') return false;
    const vmi = view.objects.get(command.member.uid);
    if (vmi?.kind !== 'VirtualMachineInstance' || isTerminating(vmi)) return false;
    return controllerOf(vmi.meta) === undefined && !isFinished(vmi);
  }).length;
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
