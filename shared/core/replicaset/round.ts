import type { ReplicaSet } from '#shared/contract/objects.ts';
import { annotationHold } from '../annotations.ts';
import { availability } from '../available.ts';
import { isReady } from '../objects.ts';
import type { Round, Situation, Step } from '../situation.ts';
import { adopt, release } from './claim.ts';
import { cleanUp } from './clean-up.ts';
import { mark } from './mark.ts';
import { scale } from './scale.ts';
import { replicaSetBalance, standingOf, type Standing } from './standing.ts';
import { volumeSafety } from './volume-safety.ts';

/**
 * The concerns of a replica set, in order. One that is being deleted needs nothing from us: it has no
 * finalizer, and garbage collection takes its members. Source: kubevirt replicaset.go 5.9.
 */
export function replicaSetRound(situation: Situation<ReplicaSet>): Round {
  const { set, moment } = situation;
  const standing = standingOf(situation);
  const { active } = standing.members;
  const ready = active.filter(isReady).length;
  const { available, wakeAt } = availability(
    { all: active, ready },
    set.minReadySeconds,
    moment.now,
  );
  const { conditions, hold } = volumeSafety(set);
  const unclear = annotationHold(set);
  const holds = set.meta.deletedAt === undefined ? [hold, unclear] : [];
  return {
    steps: stepsOf(situation, standing, { out: hold === undefined, in: unclear === undefined }),
    balance: replicaSetBalance(set, standing),
    holds: holds.filter((each) => each !== undefined),
    conditions,
    counts: {
      replicas: active.length,
      readyReplicas: ready,
      availableReplicas: available,
      ...(wakeAt !== undefined && { wakeAt }),
    },
  };
}

function stepsOf(
  situation: Situation<ReplicaSet>,
  standing: Standing,
  may: Parameters<typeof scale>[2],
): readonly Step[] {
  const { set, paused, problem } = situation;
  if (set.meta.deletedAt !== undefined) {
    return [{ type: 'pass', because: 'the replica set is being deleted' }];
  }
  const always = [mark(situation), release(situation, standing.members), adopt(situation)];
  if (problem !== undefined) return always;
  const sizing = scale(situation, standing, may);
  const clearing = cleanUp(situation, standing);
  if (!paused) return [...always, sizing, clearing];
  // What was refused before the pause is still refused, so the condition stays.
  const trouble = sizing.trouble ?? clearing.trouble;
  return [...always, { type: 'pass', because: 'the replica set is paused', trouble }];
}
