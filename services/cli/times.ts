const units = [
  { letter: 'd', ms: 86_400_000 },
  { letter: 'h', ms: 3_600_000 },
  { letter: 'm', ms: 60_000 },
  { letter: 's', ms: 1_000 },
] as const;

/** A length of time in at most two units, as kubectl writes ages: `45s`, `3m12s`, `5h`, `2d4h`. */
export function formatAge(ms: number): string {
  const rest = Math.max(0, ms);
  const index = units.findIndex((unit) => rest >= unit.ms);
  const [large, small] = index === -1 ? [] : units.slice(index, index + 2);
  if (large === undefined) return '0s';
  const count = Math.floor(rest / large.ms);
  const further = small === undefined ? 0 : Math.floor((rest - count * large.ms) / small.ms);
  // Beyond ten of the large unit the small one says nothing more.
  const isFine = small !== undefined && further > 0 && count < 10;
  return `${count}${large.letter}${isFine ? `${further}${small.letter}` : ''}`;
}

/** `2026-11-21 04:12:33Z`: UTC, to the second. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** How long after another moment: `+0.4s`, `+12s`, `+3m10s`. */
export function formatDelay(from: Date, to: Date): string {
  const ms = to.getTime() - from.getTime();
  return ms < 10_000 ? `+${(Math.max(0, ms) / 1_000).toFixed(1)}s` : `+${formatAge(ms)}`;
}
