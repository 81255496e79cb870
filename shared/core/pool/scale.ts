import type { Pool } from '#shared/contract/objects.ts';
import { desiredOf } from '../objects.ts';
import { nothing, type Hold, type Situation, type Step } from '../situation.ts';
import { turnBack } from '../withdraw.ts';
import type { PoolMembers } from './members.ts';
import { scaleIn } from './scale-in.ts';
import { scaleOut } from './scale-out.ts';

/**
 * Brings the pool to its size. What is on its way and no longer wanted is called back first; the same
 * plan may already do the rest, as the two never touch the same member.
 */
export function scale(
  situation: Situation<Pool>,
  members: PoolMembers,
  unsupported: Hold | undefined,
): Step {
  const { set, pending } = situation;
  const desired = desiredOf(set);
  const withdraws = turnBack(pending, {
    desired,
    staying: members.staying.length,
    coming: members.coming,
    keepAll: unsupported !== undefined,
  });
  const step = toSize(situation, members, unsupported);
  if (withdraws.length === 0) return step;
  if (step.type === 'act') return { ...step, withdraws: [...withdraws] };
  const because = `replicas is ${desired} now: what has not begun is called back`;
  return { ...step, type: 'act', because, commands: [], withdraws: [...withdraws] };
}

function toSize(
  situation: Situation<Pool>,
  members: PoolMembers,
  unsupported: Hold | undefined,
): Step {
  if (members.missing > 0) return scaleOut(situation, members);
  if (members.surplus > 0) return scaleIn(situation, members, unsupported);
  return nothing;
}
