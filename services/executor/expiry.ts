import type { Clock } from '#shared/process/clock.ts';
import type { Job } from './backlog.ts';
import type { LogClock } from './log-clock.ts';

/** Older commands were made for a world that is gone. */
const expiryMs = 10 * 60_000;

export type Clocks = { readonly time: LogClock; readonly clock: Clock };

/**
 * Whether a command is too old to be started. What stood in the log before us may have stood there for
 * hours with nothing after it, as in a log that was restored from an older copy: then only our own time
 * of day tells, and where it is wrong, the reconciler decides anew. What comes after us is too old only
 * if both clocks say so, for our time of day may be wrong for ever.
 */
export function isExpired(
  job: Pick<Job, 'at'>,
  { time, clock }: Clocks,
  isInherited: boolean,
): boolean {
  const byLog = time.now() - job.at > expiryMs;
  const byDay = clock.wallMs() - job.at > expiryMs;
  return isInherited ? byLog || byDay : byLog && byDay;
}
