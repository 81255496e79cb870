const unitMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/**
 * A duration as Go writes it, `1h30m` or `1.5s`, in whole milliseconds; undefined for anything else, for a
 * negative one, and for one beyond 290 years, which Go cannot hold.
 */
export function durationOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (value === '0') return 0;
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, number, unit] of value.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (unitMs.get(unit ?? '') ?? Number.NaN);
  }
  return total <= 9e12 ? Math.round(total) : undefined;
}
