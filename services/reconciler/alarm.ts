import type { LogClock } from './log-clock.ts';
import { systemTimers } from './timers.ts';
import type { Timers } from './timers.ts';

/** What is to be looked at again, and when, in log time. One timer serves them all. */
export interface Alarm extends Disposable {
  /** Replaces what was set for the key; nothing stays set when `wake` is absent. */
  set(key: string, wake: Wake | undefined): void;
}

export type Wake = { readonly at: number; readonly ring: () => void };

/** A time that has passed is no reason to turn in circles. */
const shortestMs = 5;
/** Node's timers hold no longer time; a later alarm is looked at again then. */
const longestMs = 2 ** 31 - 1;

export function createAlarm(clock: LogClock, timers: Timers = systemTimers): Alarm {
  const wakes = new Map<string, Wake>();
  let cancel: (() => void) | undefined;
  let timerAt = Infinity;

  function arm(): void {
    let next = Infinity;
    for (const { at } of wakes.values()) next = Math.min(next, at);
    if (cancel !== undefined && next === timerAt) return;
    cancel?.();
    cancel = undefined;
    timerAt = next;
    if (next === Infinity) return;
    cancel = timers.after(Math.min(longestMs, Math.max(shortestMs, next - clock.now())), ring);
  }

  function ring(): void {
    cancel = undefined;
    const now = clock.now();
    // What is set while ringing waits for the next time.
    const due = [...wakes].filter(([, { at }]) => at <= now);
    for (const [key] of due) wakes.delete(key);
    for (const [, wake] of due) wake.ring();
    arm();
  }

  return {
    set(key, wake) {
      const had = wakes.get(key);
      if (wake === undefined) wakes.delete(key);
      else wakes.set(key, wake);
      if (had?.at !== wake?.at) arm();
    },
    [Symbol.dispose]() {
      cancel?.();
      wakes.clear();
    },
  };
}
