import type { SetRef } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Balance, Moment } from '#shared/contract/records.ts';
import type { Mode } from '#shared/contract/words.ts';
import { contestedBy, isPaused, modeOf } from './mode.ts';
import { setOf } from './objects.ts';
import { setRefOf } from './outcome.ts';
import { pendingOf } from './pending.ts';
import { isPoisoned } from './poison.ts';
import { poolBalance } from './pool/count.ts';
import { bereavedIn } from './pool/hanging.ts';
import { poolState } from './pool/round.ts';
import { replicaSetBalance, standingOf } from './replicaset/standing.ts';
import type { Situation } from './situation.ts';
import { specProblem } from './spec-problem.ts';
import { unsyncedKinds } from './synced.ts';
import { emptyMemory, type View } from './view.ts';

/** Every set of the shard on which there may be something to decide: also one that only left VMs behind. */
export function setsOf(view: View): readonly Uid[] {
  const living = [...view.sets.values()].flatMap((uids) => [...uids]);
  return [...living, ...bereavedIn(view)].toSorted();
}

/** Where a set stands, for people who ask. */
export type Standing = {
  readonly set: SetRef;
  readonly mode: Mode;
  readonly paused: boolean;
  readonly deleting: boolean;
  readonly balance: Balance;
  readonly pending: number;
  /** The hold that was told last and still stands. */
  readonly held?: { readonly reason: string; readonly because: string };
  /** Why KubeVirt's own controllers may act on it too. */
  readonly contested?: string;
  /** Why its spec cannot be acted on. */
  readonly problem?: string;
  /** Kinds that it needs and that wait for a survey. */
  readonly unsynced: readonly Kind[];
  readonly poisoned: boolean;
  /** Refusals that it backs off from, with the log time until when. */
  readonly backOff: readonly { readonly reason: string; readonly until: number }[];
};

/** Undefined when the view knows no such set. */
export function standing(view: View, uid: Uid, moment: Moment): Standing | undefined {
  const set = setOf(view, uid);
  if (set === undefined) return undefined;
  const { policy } = moment;
  const memory = view.memories.get(uid) ?? emptyMemory();
  const contested = contestedBy(view, set, moment);
  const problem = specProblem(set);
  return {
    set: setRefOf(set),
    mode: modeOf(set, policy),
    paused: isPaused(set, policy),
    deleting: set.meta.deletedAt !== undefined,
    balance: balanceOf(view, uid, moment),
    pending: memory.pending.size,
    ...(memory.held !== undefined && {
      held: { reason: memory.held.reason, because: memory.held.because },
    }),
    ...(contested !== undefined && { contested }),
    ...(problem !== undefined && { problem: problem.message }),
    unsynced: unsyncedKinds(view, set, policy),
    poisoned: isPoisoned(view, set.meta.namespace),
    backOff: [...memory.refusals.values()]
      .filter(({ until }) => until > moment.now)
      .map(({ reason, until }) => ({ reason, until }))
      .toSorted((left, right) => left.until - right.until),
  };
}

const empty: Balance = {
  desired: 0,
  active: 0,
  terminating: 0,
  ready: 0,
  creating: 0,
  deleting: 0,
  surplus: 0,
};

/** The arithmetic of a set, as a decision would see it. */
function balanceOf(view: View, uid: Uid, moment: Moment): Balance {
  const set = setOf(view, uid);
  if (set === undefined) return empty;
  const situation: Omit<Situation, 'set'> = {
    view,
    memory: view.memories.get(uid) ?? emptyMemory(),
    moment,
    mode: 'manage',
    paused: isPaused(set, moment.policy),
    problem: specProblem(set),
    pending: pendingOf(view, uid),
  };
  if (set.kind === 'VirtualMachinePool') {
    const { members, count } = poolState({ ...situation, set });
    return poolBalance(members, count);
  }
  return replicaSetBalance(set, standingOf({ ...situation, set }));
}
