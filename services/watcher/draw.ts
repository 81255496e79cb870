/** The next number in [0, 1) and the seed that follows: jitter that repeats with its seed. */
export function draw(seed: number): readonly [number, number] {
  const next = (seed + 0x6d2b79f5) >>> 0;
  const mixed = Math.imul(next ^ (next >>> 15), next | 1);
  const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
  return [((more ^ (more >>> 14)) >>> 0) / 2 ** 32, next];
}
