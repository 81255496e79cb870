import type { Next } from './hands.ts';

/** The earliest of several wishes to look again. */
export function soonest(wishes: readonly Next[]): Next {
  const times = wishes.filter((wish) => wish !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}
