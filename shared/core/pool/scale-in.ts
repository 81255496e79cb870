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
  readonly order: readonly Vm[];
  readonly words: string;
  /** Members that the selectors keep out. */
  readonly spared: number;
  readonly problem: string | undefined;
};

/**
 * Members in the order in which they go. The highest ordinals first where no policy is set; extra members
 * of a roll-out are the highest ones, whatever the policy says. What a selector does not match is never
 * taken, so fewer may go than are too many (B2). Source: kubevirt pool.go 6.6.
 */
export function victimsOf(situation: Situation<Pool>, staying: readonly Vm[]): Victims {
  const { set } = situation;
  if (endsSurge(situation)) {
    const order = staying.toReversed();
    return { order, words: orders.DescendingOrder, spared: 0, problem: undefined };
  }
  return byPolicy(set, staying);
}

/** What the policy of the strategy says of some members, lowest ordinal first. */
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
export function scaleIn(
  situation: Situation<Pool>,
  members: PoolMembers,
  { desired, surplus }: Count,
): Step {
  const { set, memory } = situation;
  const victims = victimsOf(situation, members.staying);
  const because = becauseOf(situation, surplus, victims.words);
  if (victims.problem !== undefined) {
    return {
      type: 'pass',
      because,
      trouble: failedScaleIn(`the selectors are wrong: ${victims.problem}`),
    };
  }
  const wanted = Math.min(surplus, victims.order.length);
  if (wanted === 0) return { type: 'pass', because: `${surplus} too many, and none may be taken` };
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const blocked = massDeleteHold(situation, {
    wanted,
    explained: memory.explained,
    size: Math.max(desired, members.all.length),
  });
  if (blocked !== undefined) return { type: 'pass', because, ...blocked };
  const purpose = endsSurge(situation) ? 'surge' : 'scale-in';
  const removed = removeMembers(situation, {
    order: victims.order,
    wanted,
    purpose,
    because,
    noticeOf: (member) => deletedNotice(set, member),
    keepsDisksOf: (member) => member.kind === 'VirtualMachine' && keepsDisks(set, member, purpose),
  });
  const trouble = removalTrouble(situation, victims.order, (text) =>
    failedScaleIn(`deleting is refused: ${text}`),
  );
  const { commands, candidates, wakeAt, hold } = removed;
  if (commands.length === 0) return { type: 'pass', because, trouble, wakeAt, hold };
  const vetoes = vetoesOf(members, { ...removed, spared: victims.spared });
  return { type: 'act', because, commands, candidates, vetoes, trouble, wakeAt, hold };
}

/** Too many though nobody lowered replicas, in a pool that rolls out with extra members. */
function endsSurge({ set, memory }: Situation<Pool>): boolean {
  const { maxSurge = 0 } = set.update ?? {};
  return memory.explained === 0 && maxSurge !== 0 && maxSurge !== '0%';
}

function becauseOf({ set, memory }: Situation<Pool>, surplus: number, words: string): string {
  const desired = set.replicas ?? 1;
  return memory.explained > 0
    ? `replicas lowered from ${memory.loweredFrom} to ${desired}: ${words}`
    : `${surplus} more than ${desired}: ${words}`;
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
