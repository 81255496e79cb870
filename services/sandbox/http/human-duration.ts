const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A duration in milliseconds as the age columns show it: `2m5s`, `3h`, `12d` (apimachinery's HumanDuration). */
export function humanDuration(durationMs: number): string {
  // A little in the future may be a clock that differs; more than that is a mistake.
  if (durationMs < -second) return '<invalid>';
  if (durationMs < 0) return '0s';
  if (durationMs < 2 * minute) return `${Math.floor(durationMs / second)}s`;
  if (durationMs < 10 * minute) return two(durationMs, [minute, 'm'], [second, 's']);
  if (durationMs < 3 * hour) return `${Math.floor(durationMs / minute)}m`;
  if (durationMs < 8 * hour) return two(durationMs, [hour, 'h'], [minute, 'm']);
  if (durationMs < 2 * day) return `${Math.floor(durationMs / hour)}h`;
  if (durationMs < 8 * day) return two(durationMs, [day, 'd'], [hour, 'h']);
  if (durationMs < 2 * year) return `${Math.floor(durationMs / day)}d`;
  if (durationMs < 8 * year) return two(durationMs, [year, 'y'], [day, 'd']);
  return `${Math.floor(durationMs / year)}y`;
}

type Unit = readonly [ms: number, letter: string];

/** Two units; the smaller one is left out when it is zero. */
function two(durationMs: number, [largeMs, large]: Unit, [smallMs, small]: Unit): string {
  const rest = Math.floor((durationMs % largeMs) / smallMs);
  return `${Math.floor(durationMs / largeMs)}${large}${rest === 0 ? '' : `${rest}${small}`}`;
}

/** The age of an RFC 3339 time; undefined where there is none. */
export function ageOf(timestamp: unknown, nowMs: number): string | undefined {
  if (typeof timestamp !== 'string') return undefined;
  const since = Date.parse(timestamp);
  return Number.isNaN(since) ? '<invalid>' : humanDuration(nowMs - since);
}
