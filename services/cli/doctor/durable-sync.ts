import { reaching, unseen } from './examination.ts';
import type { Check } from './examination.ts';

/** Disks are deleted on the strength of what the log has acknowledged. */
export const durableSync: Check = {
  name: 'durable log',
  judge({ log }) {
    if (!log.ok) return unseen(log.problem, reaching.broker);
    const { lazy } = log.value;
    if (lazy === undefined) return [{ level: 'ok', found: 'the broker syncs each record' }];
    return [
      {
        level: 'fail',
        found: lazy,
        remedy:
          'write sync_interval: always in the jetstream block of the broker, as deploy/nats does',
      },
    ];
  },
};
