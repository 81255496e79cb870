import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Memory } from './view.ts';

/** KubeVirt's controllers write with each change of a member, so that this long without a word is a truce. */
const truceMs = 600_000;

/**
 * KubeVirt's controller wrote the status of a set after we had: both keep the set. What it wrote before
 * our first status is what was handed over.
 */
export function noteContest(
  memory: Memory,
  { known, object, at }: { known: ScaledSet; object: ScaledSet; at: number },
): void {
  if (memory.statusAt === undefined || object.kubevirtWroteAt === undefined) return;
  // A cluster that was set back shows older writes: they are no news.
  if (object.kubevirtWroteAt > (known.kubevirtWroteAt ?? '')) memory.contestedAt = at;
}

/** Until when a set is left to KubeVirt's controllers, although they are said not to run. */
export function contestedUntil(memory: Memory, now: number): number | undefined {
  if (memory.contestedAt === undefined) return undefined;
  const until = memory.contestedAt + truceMs;
  return now < until ? until : undefined;
}
