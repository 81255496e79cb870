import type { Pool } from '#shared/contract/objects.ts';
import { annotationHold } from '../annotations.ts';
import type { Hold, Round, Situation, Step } from '../situation.ts';
import { countOf, poolBalance, type Count } from './count.ts';
import { free } from './free.ts';
import { heal } from './heal.ts';
import { poolMembers, type PoolMembers } from './members.ts';
import { progressOf } from './progress.ts';
import { prune } from './prune.ts';
import { recall } from './recall.ts';
import { release } from './release.ts';
import { diskHold, keptDisksHold, renew } from './renew.ts';
import { retire } from './retire.ts';
import { rollBack } from './roll-back.ts';
import { rolloutOf, type Rollout } from './rollout.ts';
import { scale } from './scale.ts';
import { secure, secureMembers } from './secure.ts';
import { poolCounts } from './status.ts';
import { update } from './update.ts';

const pausedText = 'the pool is paused';

/** Everything that the concerns of a pool look at, beside its situation. */
export type PoolState = {
  readonly members: PoolMembers;
  readonly rollout: Rollout;
  readonly count: Count;
};

export function poolState(situation: Situation<Pool>): PoolState {
  const members = poolMembers(situation);
  const rollout = rolloutOf(situation, members);
  return { members, rollout, count: countOf(situation.set, members, rollout) };
}

/**
 * The concerns of a pool, in order: retiring stands before all; then calling back what would lose disks that
 * are to stay, letting go of strays, the finalizers, members that terminate, going back to an earlier template, healing, the size, the template
 * and old revisions. All before healing goes on while the pool is paused or its spec cannot be used.
 */
export function poolRound(situation: Situation<Pool>): Round {
  const state = poolState(situation);
  const { members, rollout, count } = state;
  return {
    steps: stepsOf(situation, state),
    balance: poolBalance(members, count),
    holds: holdsOf(situation, state),
    conditions: progressOf(situation, rollout),
    counts: poolCounts(situation, state),
  };
}

function stepsOf(situation: Situation<Pool>, state: PoolState): readonly Step[] {
  const { set, paused, problem } = situation;
  const { members, rollout, count } = state;
  if (set.meta.deletedAt !== undefined) return [retire(situation, members)];
  const always = [
    recall(situation, rollout),
    release(situation, members),
    secure(situation),
    secureMembers(situation, members),
    free(situation, members),
    // A template that does no good is taken back whatever else rests.
    rollBack(situation, members),
  ];
  if (problem !== undefined) return always;
  const sizing = scale(situation, members, count);
  // What was refused before the pause is still refused, so the condition stays.
  if (paused) return [...always, { type: 'pass', because: pausedText, trouble: sizing.trouble }];
  return [
    ...always,
    heal(situation, members),
    sizing,
    update(situation, rollout),
    renew(situation, rollout, count),
    prune(situation, members, rollout),
  ];
}

function holdsOf({ set }: Situation<Pool>, { rollout, count }: PoolState): readonly Hold[] {
  if (set.meta.deletedAt !== undefined) return [];
  return [annotationHold(set), diskHold(set, rollout, count), keptDisksHold(rollout)].filter(
    (hold) => hold !== undefined,
  );
}
