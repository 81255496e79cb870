import { setTimeout as delay } from 'node:timers/promises';

export type UntilOptions = { readonly timeoutMs?: number; readonly everyMs?: number };

/**
 * Waits until something holds. A predicate that throws is a "not yet", and its last error is told when
 * the time is over. The default is far longer than anything should take: tests wait for conditions, and
 * the limit is only for those that never come.
 */
export async function until(
  what: string,
  predicate: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, everyMs = 50 }: UntilOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      if (await predicate()) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(everyMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`, { cause });
}
