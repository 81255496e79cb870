import type { ReplicaSet } from '#shared/contract/objects.ts';
import { isReady, isTerminating } from '../objects.ts';
import type { Hold, Round, Situation, Step } from '../situation.ts';
import { unsupportedFields } from '../unsupported.ts';
import { cleanUp } from './clean-up.ts';
import { mark } from './mark.ts';
import { scale } from './scale.ts';
import { replicaSetBalance, standingOf, type Standing } from './standing.ts';

/**
 * The concerns of a replica set, in order. One that is being deleted needs nothing from us: it has no
 * finalizer, and garbage collection takes its members. Source: kubevirt replicaset.go 5.9.
 */
export function replicaSetRound(situation: Situation<ReplicaSet>): Round {
  const { set } = situation;
  const standing = standingOf(situation);
  const unsupported = unsupportedHold(set);
  const { active } = standing.members;
  return {
    steps: stepsOf(situation, standing, unsupported),
    balance: replicaSetBalance(set, standing),
    holds: unsupported === undefined ? [] : [unsupported],
    counts: { replicas: active.length, readyReplicas: active.filter(isReady).length },
  };
}

function stepsOf(
  situation: Situation<ReplicaSet>,
  standing: Standing,
  unsupported: Hold | undefined,
): readonly Step[] {
  const { set, paused, problem } = situation;
  if (set.meta.deletedAt !== undefined) {
    return [{ type: 'pass', because: 'the replica set is being deleted' }];
  }
  const always = [mark(situation)];
  if (problem !== undefined) return always;
  const sizing = scale(situation, standing, unsupported);
  const clearing = cleanUp(situation, standing);
  if (!paused) return [...always, sizing, clearing];
  // What was refused before the pause is still refused, so the condition stays.
  const trouble = sizing.trouble ?? clearing.trouble;
  return [...always, { type: 'pass', because: 'the replica set is paused', trouble }];
}

function unsupportedHold(set: ReplicaSet): Hold | undefined {
  if (isTerminating(set)) return undefined;
  const fields = unsupportedFields(set);
  if (fields.length === 0) return undefined;
  return { reason: 'Unsupported', because: `not scaled in because of ${fields.join(', ')}` };
}
