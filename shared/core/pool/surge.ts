import type { Pool, Update, Vm } from '#shared/contract/objects.ts';
import { mostDestroyed } from '../mass-delete.ts';
import { desiredOf } from '../objects.ts';
import type { Situation } from '../situation.ts';
import { membersOf } from './amount.ts';
import { isMarkedExtra } from './extra.ts';
import type { PoolMembers } from './members.ts';
import type { Rollout } from './rollout.ts';

type Course = {
  readonly strategy: Update;
  readonly members: PoolMembers;
  /** Members that are not extra have yet to be taken down. */
  readonly rolling: boolean;
  /** Members that are not available, and those of them that are not extra. */
  readonly down: number;
  readonly othersDown: number;
};

/**
 * Extra members come first and go last: they stay until every other one is there and available again, unless
 * the pool was made smaller meanwhile. Without them at least one member may be taken down, as upstream. One
 * that is missing is down as well: such as those that are made anew.
 */
export function limitsOf(
  { set, memory, moment }: Situation<Pool>,
  { strategy, members, rolling, down, othersDown }: Course,
): Pick<Rollout, 'surge' | 'budget'> {
  const desired = desiredOf(set);
  const most = Math.min(
    membersOf(strategy.maxSurge ?? 0, desired, 'up'),
    desired,
    mostDestroyed(moment.limits, desired),
  );
  const standing = members.staying.length;
  const isOneDown = othersDown > 0 && standing > desired;
  const settling = memory.explained === 0 && (isOneDown || isOneMissing(set, members));
  const surge = rolling || settling ? most : 0;
  const amount = strategy.maxUnavailable ?? set.maxUnavailable ?? '100%';
  const allowed = Math.max(membersOf(amount, desired, 'down'), surge > 0 ? 0 : 1);
  return { surge, budget: allowed + Math.min(surge, standing - desired) - down };
}

/**
 * Whether an extra member stands where another is missing, which may look like the whole number. Where others
 * remove members, whoever they delete makes room and does not come back.
 */
function isOneMissing(set: Pool, { staying, extras }: PoolMembers): boolean {
  if (extras.size === 0 || (set.scaleIn?.type ?? 'proactive') !== 'proactive') return false;
  const others = staying.filter(({ meta }) => !extras.has(meta.uid)).length;
  return others < desiredOf(set) && others < staying.length;
}

/**
 * Members that still say they are extra and are not: the pool has grown up to them, or less is allowed, as at
 * the end, and yet nobody is too many, for others have gone. What they say is to be true when the next roll-out
 * begins.
 */
export function settledOf(
  set: Pool,
  { staying, extras }: PoolMembers,
  surge: number,
): readonly Vm[] {
  const marked = staying.filter(isMarkedExtra);
  const beside = marked.filter(({ meta }) => extras.has(meta.uid));
  const over = staying.length > desiredOf(set) + surge ? 0 : Math.max(0, beside.length - surge);
  const stand = new Set(beside.slice(0, over));
  return marked.filter((vm) => stand.has(vm) || !extras.has(vm.meta.uid));
}
