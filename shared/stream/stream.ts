import type { LogCondition } from './condition.ts';
import type { Log } from './log.ts';
import type { Leases, Positions } from './position.ts';
import type { Snapshots } from './snapshots.ts';

/** A log together with what its readers keep beside it, on one connection. */
export type Stream = Log & {
  readonly positions: Positions;
  readonly leases: Leases;
  readonly snapshots: Snapshots;
  /** As it was seen last, some seconds ago at most while the broker answers. */
  condition(): LogCondition;
};
