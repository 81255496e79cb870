/** Chance that repeats with its seed. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One of a list that may be empty. */
  any<T>(list: readonly T[]): T | undefined;
  /** A sequence of its own, so that drawing here changes nothing there. */
  fork(name: string): Random;
}

export function createRandom(seed: string): Random {
  let state = spread(seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (probability) => probability > 0 && next() < probability,
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    any: (list) => list[Math.floor(next() * list.length)],
    fork: (name) => createRandom(`${seed}/${name}`),
  };
  return random;
}

/** FNV-1a over code units, 32 bits. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
