import { isPoisoned } from './poison.ts';
import type { Hold, Situation } from './situation.ts';

/** Why nothing at all may be destroyed for this set now; `wakeAt` when that ends by itself. */
export type Halt = { readonly hold: Hold; readonly wakeAt?: number };

const poisoned: Halt = {
  hold: {
    reason: 'Poisoned',
    because: 'a record could not be read: nothing is destroyed until the next survey',
  },
};

const agedOut: Hold = {
  reason: 'AgedOut',
  because:
    'older records have aged out of the log and no snapshot holds what they said: nothing is destroyed for 10 minutes',
};

export function haltOf({ view, set, moment }: Situation): Halt | undefined {
  if (isPoisoned(view, set.meta.namespace)) return poisoned;
  const { carefulUntil } = view;
  return moment.now < carefulUntil ? { hold: agedOut, wakeAt: carefulUntil } : undefined;
}
