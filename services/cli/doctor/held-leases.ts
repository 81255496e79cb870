import { orFine, reaching, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** A lease that nobody holds means that nobody does that work. */
export const heldLeases: Check = {
  name: 'services',
  judge({ log }) {
    if (!log.ok) return unseen(log.problem, reaching.broker);
    const troubles = log.value.away.map((name): Finding => ({
      level: 'fail',
      about: name,
      found: 'nobody holds its lease: it does not run, or cannot reach the broker',
      remedy: `start it, or see what its log says; on a cluster: kubectl -n rollcall-system logs deployment/${name}`,
    }));
    return orFine(troubles, 'watcher, reconciler and executor are active');
  },
};
