import type { Clock } from '#shared/process/clock.ts';

/** Time as the log tells it, carried on by this machine's monotonic clock between two records. */
export interface LogClock {
  /** Takes in the log time of the record just folded. */
  observe(at: number): void;
  /** Milliseconds since 1970; 0 before the first record. */
  now(): number;
}

export function createLogClock(clock: Pick<Clock, 'monotonicMs'>): LogClock {
  let newest = 0;
  let arrivedMs = clock.monotonicMs();
  return {
    observe(at) {
      newest = at;
      arrivedMs = clock.monotonicMs();
    },
    now: () => (newest === 0 ? 0 : newest + Math.floor(clock.monotonicMs() - arrivedMs)),
  };
}
