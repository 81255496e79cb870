import { setTimeout as delay } from 'node:timers/promises';

/** Time, as shells see it; simulation has its own. */
export interface Clock {
  /** Milliseconds that only ever grow; unrelated to the time of day. */
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Resolves after a time; rejects with an AbortError when the signal aborts first. */
  sleep(forMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: async (forMs, signal) => {
    await delay(forMs, undefined, signal === undefined ? {} : { signal });
  },
};
