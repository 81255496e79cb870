import type { Clock } from '../store/types.ts';
import { keyOf, type Place } from './kinds.ts';

/** The places to look at, each once however often it was named. */
export interface Queue {
  add(place: Place): void;
  addAfter(place: Place, ms: number): void;
  stop(): void;
}

/** How many places are looked at before others get their turn on the thread. */
const batch = 32;

export function createQueue(clock: Clock, look: (place: Place) => void): Queue {
  const waiting = new Map<string, Place>();
  const timers = new Map<string, { readonly due: number; readonly cancel: () => void }>();
  let cancelTurn: (() => void) | undefined;
  let stopped = false;

  const turn = (): void => {
    cancelTurn = undefined;
    let left = batch;
    for (const [key, place] of waiting) {
      if (left === 0) break;
      left -= 1;
      waiting.delete(key);
      look(place);
    }
    schedule();
  };
  const schedule = (): void => {
    if (stopped || waiting.size === 0) return;
    cancelTurn ??= clock.after(0, turn);
  };
  const add = (place: Place): void => {
    waiting.set(keyOf(place), place);
    schedule();
  };
  /** The earlier of two wishes wins; looking too early does no harm, since the wait is asked for again. */
  const addAfter = (place: Place, ms: number): void => {
    const key = keyOf(place);
    const due = clock.now() + ms;
    const known = timers.get(key);
    if (stopped || (known !== undefined && known.due <= due)) return;
    known?.cancel();
    const cancel = clock.after(ms, () => {
      timers.delete(key);
      add(place);
    });
    timers.set(key, { due, cancel });
  };
  const stop = (): void => {
    stopped = true;
    cancelTurn?.();
    for (const { cancel } of timers.values()) cancel();
    timers.clear();
    waiting.clear();
  };
  return { add, addAfter, stop };
}
