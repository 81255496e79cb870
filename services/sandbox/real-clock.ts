import type { Clock } from './store/types.ts';

/** The machine's time. Its timers keep no process alive. */
export function realClock(): Clock {
  return {
    now: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
