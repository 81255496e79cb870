import type { Limits } from '#shared/contract/records.ts';
import type { Hold, Situation } from './situation.ts';
import type { Memory } from './view.ts';

/** What a concern wants to destroy, beside what the set has. */
export type Destruction = {
  /** Members that are to go, not only those that fit this plan. */
  readonly wanted: number;
  /** How many of them lower replicas account for. */
  readonly explained: number;
  /** Members that the set has or ought to have, whichever is more. */
  readonly size: number;
};

/**
 * Holds a decision that would destroy too much of a set in too short a time. All that is wanted is
 * weighed at once: otherwise the limit would only slow a mistake down. Removals that lower replicas
 * explain pass and are not counted. Members that others deleted are counted once we let them go, but
 * never held here: the deletion has happened, and holding the finalizer back would not undo it.
 */
export function massDeleteHold(
  { memory, moment }: Situation,
  destruction: Destruction,
): { readonly hold: Hold; readonly wakeAt?: number } | undefined {
  const unexplained = Math.max(0, destruction.wanted - destruction.explained);
  if (unexplained === 0) return undefined;
  const recent = recentlyDestroyed(memory, moment.now - moment.limits.massDeleteWindowMs);
  if (recent.length + unexplained <= mostDestroyed(moment.limits, destruction.size)) {
    return undefined;
  }
  const minutes = moment.limits.massDeleteWindowMs / 60_000;
  const because = `too many members would be destroyed within ${minutes} minutes, and lower replicas do not explain it`;
  const oldest = recent.at(0);
  return {
    hold: { reason: 'MassDeleteBlocked', because },
    ...(oldest !== undefined && { wakeAt: oldest + moment.limits.massDeleteWindowMs + 1 }),
  };
}

/** Most members of a set that may go within the window without an explanation. */
export function mostDestroyed(limits: Limits, size: number): number {
  return Math.max(limits.massDeleteCount, Math.floor(limits.massDeleteShare * size));
}

/** Log times of unexplained destructions after a moment, oldest first. */
export function recentlyDestroyed(memory: Memory, after: number): readonly number[] {
  return [...memory.destroyed.values()]
    .filter(({ at, explained }) => !explained && at > after)
    .map(({ at }) => at)
    .toSorted((left, right) => left - right);
}
