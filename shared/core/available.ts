import type { Member } from '#shared/contract/objects.ts';
import { isReady } from './objects.ts';
import { soonest } from './per-target.ts';
import { msOf } from './time.ts';

/** Members that have been ready for as long as the spec asks, and when the next one will have been. */
export function availability(
  { all, ready }: { readonly all: readonly Member[]; readonly ready: number },
  minReadySeconds: number | undefined,
  now: number,
): { readonly available: number; readonly wakeAt: number | undefined } {
  const minReadyMs = (minReadySeconds ?? 0) * 1000;
  if (minReadyMs <= 0) return { available: ready, wakeAt: undefined };
  let available = 0;
  let wakeAt: number | undefined;
  for (const member of all) {
    if (!isReady(member)) continue;
    const since = msOf(member.ready?.lastTransitionTime) ?? msOf(member.meta.createdAt) ?? 0;
    if (since + minReadyMs <= now) available += 1;
    else wakeAt = soonest(wakeAt, since + minReadyMs);
  }
  return { available, wakeAt };
}
