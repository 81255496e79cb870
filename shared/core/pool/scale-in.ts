import type { Notice } from '#shared/contract/commands.ts';
import type { Member, Pool, SortPolicy, Vm } from '#shared/contract/objects.ts';
import { haltOf } from '../halt.ts';
import { massDeleteHold } from '../mass-delete.ts';
import { removalTrouble, removeMembers } from '../removal.ts';
import type { Situation, Step, Trouble } from '../situation.ts';
import type { Count } from './count.ts';
import type { PoolMembers } from './members.ts';
import { keepsDisks } from './policy.ts';
import { readSelection, sorted } from './selection.ts';

const orders: Readonly<Record<SortPolicy, string>> = {
  AscendingOrder: 'lowest ordinal first',
  DescendingOrder: 'highest ordinal first',
  Newest: 'newest first',
  Oldest: 'oldest first',
  Random: 'at random',
};

/** Who goes when the pool gets smaller. */
export type Victims = {
  /** All that may be taken, in the order in which they go. */
  readonly order: readonly Vm[];
  readonly words: string;
  /** Members that the selectors keep out. */
  readonly spared: number;
  readonly problem: string | undefined;
};

/**
 * Members in the order in which they go: before all others those that a roll-out has needed beside them and
 * does not any more, whatever the policy says, and those that it still needs not at all. The others go by the
 * policy, the highest ordinals first where none is set. Source: kubevirt pool.go 6.6.
 */
export function victimsOf(
  set: Pool,
  { staying, extras }: Pick<PoolMembers, 'staying' | 'extras'>,
  { desired, target, surplus }: Omit<Count, 'missing'>,
): Victims & { readonly extras: readonly Vm[] } {
  const beside = staying.filter(({ meta }) => extras.has(meta.uid)).toReversed();
  const over = Math.min(beside.length - (target - desired), surplus);
  const done = beside.slice(0, Math.max(0, over));
  const others = byPolicy(
    set,
    beside.length === 0 ? staying : staying.filter(({ meta }) => !extras.has(meta.uid)),
  );
  return { ...others, order: [...done, ...others.order], extras: done };
}

/**
 * What the policy of the strategy says of some members, lowest ordinal first. What a selector does not match
 * is never taken, so fewer may go than are too many (B2).
 */
export function byPolicy(set: Pool, staying: readonly Vm[]): Victims {
  const selects = readSelection(set.scaleIn?.selection);
  if (typeof selects !== 'function') {
    return { order: [], words: '', spared: staying.length, problem: selects.problem };
  }
  const sort = set.scaleIn?.selection?.sort ?? 'DescendingOrder';
  const eligible = staying.filter(selects);
  const order =
    sort === 'DescendingOrder'
      ? eligible.toReversed()
      : sorted(eligible, sort, `${set.meta.uid}/${set.meta.generation}`);
  return {
    order,
    words: orders[sort],
    spared: staying.length - eligible.length,
    problem: undefined,
  };
}

/** Removes what is too much; nothing at all while a hold stands. */
export function scaleIn(situation: Situation<Pool>, members: PoolMembers, count: Count): Step {
  const { set, memory } = situation;
  const { desired, surplus } = count;
  const victims = victimsOf(set, members, count);
  const extras = new Set(victims.extras.map(({ meta }) => meta.uid));
  const because = becauseOf(situation, surplus - extras.size, victims);
  const unreadable =
    victims.problem === undefined || extras.size === surplus
      ? undefined
      : failedScaleIn(`the selectors are wrong: ${victims.problem}`);
  if (victims.order.length === 0 && unreadable !== undefined) {
    return { type: 'pass', because, trouble: unreadable };
  }
  const wanted = Math.min(surplus, victims.order.length);
  if (wanted === 0) return { type: 'pass', because: `${surplus} too many, and none may be taken` };
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const blocked = massDeleteHold(situation, {
    wanted,
    // Lower replicas say nothing of the extra ones.
    explained: Math.min(memory.explained, wanted - extras.size),
    size: Math.max(desired, members.all.length),
  });
  if (blocked !== undefined) return { type: 'pass', because, ...blocked };
  const purposeOf = ({ meta }: Member) => (extras.has(meta.uid) ? 'surge' : 'scale-in');
  const removed = removeMembers(situation, {
    order: victims.order,
    wanted,
    purpose: purposeOf,
    because,
    noticeOf: (member) => deletedNotice(set, member),
    keepsDisksOf: (member) =>
      member.kind === 'VirtualMachine' && keepsDisks(set, member, purposeOf(member)),
  });
  const refused = removalTrouble(situation, victims.order, (text) =>
    failedScaleIn(`deleting is refused: ${text}`),
  );
  const trouble = unreadable ?? refused;
  const { commands, candidates, wakeAt, hold } = removed;
  if (commands.length === 0) return { type: 'pass', because, trouble, wakeAt, hold };
  const vetoes = vetoesOf(members, { ...removed, spared: victims.spared });
  return { type: 'act', because, commands, candidates, vetoes, trouble, wakeAt, hold };
}

/** `others`: members too many beside the extra ones. */
function becauseOf(
  { set, memory }: Situation<Pool>,
  others: number,
  { words, extras }: ReturnType<typeof victimsOf>,
): string {
  const desired = set.replicas ?? 1;
  const over = `${extras.length} extra for a roll-out and not needed any more`;
  if (others === 0) return over;
  const because =
    memory.explained > 0
      ? `replicas lowered from ${memory.loweredFrom} to ${desired}: ${words}`
      : `${others} more than ${desired}: ${words}`;
  return extras.length === 0 ? because : `${because}; and ${over}`;
}

function vetoesOf(
  members: PoolMembers,
  { backingOff, spared }: { readonly backingOff: number; readonly spared: number },
): Record<string, number> {
  const counts = {
    'backing off': backingOff,
    'delete on its way': members.doomed.size,
    'not selected': spared,
    terminating: members.terminating.length,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

export function failedScaleIn(text: string): Trouble {
  return { reason: 'FailedScaleIn', message: `error during scale in: ${text}` };
}

export function deletedNotice(pool: Pool, { meta }: Member): Notice {
  const message = `Deleted VM ${pool.meta.namespace}/${meta.name} with uid ${meta.uid} from pool`;
  return { type: 'Normal', reason: 'SuccessfulDelete', message };
}
