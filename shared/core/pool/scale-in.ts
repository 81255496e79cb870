import type { Notice } from '#shared/contract/commands.ts';
import type { Member, Pool } from '#shared/contract/objects.ts';
import { haltOf } from '../halt.ts';
import { massDeleteHold } from '../mass-delete.ts';
import { desiredOf } from '../objects.ts';
import { removalTrouble, removeMembers } from '../removal.ts';
import type { Hold, Situation, Step } from '../situation.ts';
import type { PoolMembers } from './members.ts';

/** Removes what is too much, highest ordinal first; nothing at all while a hold stands. */
export function scaleIn(
  situation: Situation<Pool>,
  members: PoolMembers,
  unsupported: Hold | undefined,
): Step {
  const { set, memory } = situation;
  const because = becauseOf(situation, members);
  if (unsupported !== undefined) return { type: 'pass', because };
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const blocked = massDeleteHold(situation, {
    wanted: members.surplus,
    explained: memory.explained,
    size: Math.max(desiredOf(set), members.all.length),
  });
  if (blocked !== undefined) return { type: 'pass', because, ...blocked };
  const removed = removeMembers(situation, {
    order: members.staying,
    wanted: members.surplus,
    purpose: 'scale-in',
    because,
    noticeOf: (member) => deletedNotice(set, member),
  });
  const trouble = removalTrouble(situation, members.staying, (text) => ({
    reason: 'FailedScaleIn',
    message: `error during scale in: deleting is refused: ${text}`,
  }));
  const { commands, candidates, wakeAt } = removed;
  if (commands.length === 0) return { type: 'pass', because, trouble, wakeAt };
  const vetoes = vetoesOf(members, removed.backingOff);
  return { type: 'act', because, commands, candidates, vetoes, trouble, wakeAt };
}

function becauseOf({ set, memory }: Situation<Pool>, { surplus }: PoolMembers): string {
  const desired = desiredOf(set);
  return memory.explained > 0
    ? `replicas lowered from ${memory.loweredFrom} to ${desired}: highest ordinal first`
    : `${surplus} more than ${desired}: highest ordinal first`;
}

function vetoesOf(members: PoolMembers, backingOff: number): Record<string, number> {
  const vetoes: Record<string, number> = {};
  if (backingOff > 0) vetoes['backing off'] = backingOff;
  if (members.doomed.size > 0) vetoes['delete on its way'] = members.doomed.size;
  if (members.terminating.length > 0) vetoes['terminating'] = members.terminating.length;
  return vetoes;
}

function deletedNotice(pool: Pool, { meta }: Member): Notice {
  const message = `Deleted VM ${pool.meta.namespace}/${meta.name} with uid ${meta.uid} from pool`;
  return { type: 'Normal', reason: 'SuccessfulDelete', message };
}
