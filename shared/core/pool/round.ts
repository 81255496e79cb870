import type { Pool } from '#shared/contract/objects.ts';
import { isReady, isTerminating } from '../objects.ts';
import type { Hold, Round, Situation, Step } from '../situation.ts';
import { unsupportedFields } from '../unsupported.ts';
import { free } from './free.ts';
import { poolBalance, poolMembers, type PoolMembers } from './members.ts';
import { retire } from './retire.ts';
import { stampedFrom } from './revision.ts';
import { scale } from './scale.ts';
import { secure } from './secure.ts';

const pausedText = 'the pool is paused';

/**
 * The concerns of a pool, in order: retiring stands before all, then the finalizer, letting go of
 * terminating members, and its size. Freeing and retiring go on while the pool is paused or its spec
 * cannot be used.
 */
export function poolRound(situation: Situation<Pool>): Round {
  const { set } = situation;
  const members = poolMembers(situation);
  const unsupported = unsupportedHold(situation, members);
  const compare = stampedFrom(situation.view, set);
  return {
    steps: stepsOf(situation, members, unsupported),
    balance: poolBalance(set, members),
    holds: unsupported === undefined ? [] : [unsupported],
    counts: {
      replicas: members.all.length,
      readyReplicas: members.all.filter(isReady).length,
      updatedReplicas: members.all.filter((vm) => compare(vm) === 'same').length,
    },
  };
}

function stepsOf(
  situation: Situation<Pool>,
  members: PoolMembers,
  unsupported: Hold | undefined,
): readonly Step[] {
  const { set, paused, problem } = situation;
  if (set.meta.deletedAt !== undefined) return [retire(situation, members)];
  const always = [secure(situation), free(situation, members)];
  if (problem !== undefined) return always;
  const sizing = scale(situation, members, unsupported);
  // What was refused before the pause is still refused, so the condition stays.
  if (paused) return [...always, { type: 'pass', because: pausedText, trouble: sizing.trouble }];
  return [...always, sizing];
}

/** Names every field for which this pool is never scaled in. */
export function unsupportedHold(
  situation: Situation<Pool>,
  members: PoolMembers,
): Hold | undefined {
  if (isTerminating(situation.set)) return undefined;
  const fields = [...unsupportedFields(situation.set), ...strangers(situation, members)];
  if (fields.length === 0) return undefined;
  return { reason: 'Unsupported', because: `not scaled in because of ${fields.join(', ')}` };
}

/** Members of another template: which of them has to go first is for the update strategy to say. */
function strangers(situation: Situation<Pool>, members: PoolMembers): readonly string[] {
  if (situation.problem !== undefined) return [];
  const compare = stampedFrom(situation.view, situation.set);
  const found = new Set(
    [...members.staying, ...members.all.filter(({ meta }) => members.doomed.has(meta.uid))].map(
      compare,
    ),
  );
  if (found.has('different')) {
    return ['spec.virtualMachineTemplate (a member is stamped from another template)'];
  }
  return found.has('unknown')
    ? ['spec.virtualMachineTemplate (of a member it is unknown which template it is stamped from)']
    : [];
}
