import type { Limits, Policy } from '#shared/contract/records.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Alarm } from './alarm.ts';
import type { Decider } from './decider.ts';
import type { LogClock } from './log-clock.ts';
import type { ReconcilerMetrics } from './metrics.ts';
import type { Pace } from './pace.ts';

/** What all desks of a reconciler work with. */
export type DeskParts<View> = {
  readonly stream: Pick<Stream, 'appendDecision' | 'identity' | 'condition'>;
  readonly log: Logger;
  readonly decider: Decider<View>;
  readonly clock: LogClock;
  readonly alarm: Alarm;
  readonly pace: Pace;
  readonly limits: Limits;
  readonly policy: Policy;
  /** Asks the run to have the desks decide what is touched. */
  readonly wake: () => void;
  /** Who takes the shard over; another for each run of a process. */
  readonly holder: string;
  readonly codeVersion: string;
  readonly metrics?: ReconcilerMetrics | undefined;
};
