/** Seeded chance: the same seed gives the same run. */
export type Dice = {
  /** True about once in so many throws. */
  readonly oneIn: (throws: number) => boolean;
  /** A whole number from 0 up to, but not, the bound. */
  readonly below: (bound: number) => number;
  readonly pick: <T>(items: readonly T[]) => T | undefined;
};

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    oneIn: (throws) => below(throws) === 0,
    pick: (items) => items[below(items.length)],
  };
}
