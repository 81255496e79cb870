import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** A lease that nobody holds means that nobody does that work. */
export const heldLeases: Check = {
  name: 'services',
  judge({ log }) {
    if (!log.ok) return unseen(log.problem);
    const troubles = log.value.away.map((name): Finding => ({
      level: 'fail',
      about: name,
      found: 'nobody holds its lease: it does not run, or cannot reach the broker',
      remedy: 'see what its log says',
    }));
    return orFine(troubles, 'watcher, reconciler and executor are active');
  },
};
