import type { Clock } from '#shared/process/clock.ts';
import type { Phase } from '#shared/process/health.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Decider } from './decider.ts';
import type { Memory } from './footing.ts';
import type { ReconcilerMetrics } from './metrics.ts';
import type { Settings } from './settings.ts';
import type { Timers } from './timers.ts';

export type ReconcilerParts<View> = {
  readonly stream: Stream;
  readonly log: Logger;
  readonly clock: Clock;
  readonly decider: Decider<View>;
  readonly settings: Pick<Settings, 'limits' | 'policy' | 'codeVersion'> &
    // Without it no snapshots are kept.
    Partial<Pick<Settings, 'snapshots'>>;
  readonly holder: string;
  /** What an earlier connection of this process has seen of the log; nothing when absent. */
  readonly memory?: Memory;
  readonly metrics?: ReconcilerMetrics;
  /** The platform's when absent. */
  readonly timers?: Timers;
  /** Told that another holds the lease, that the log is taken over, and that sets are decided. */
  readonly onPhase?: (phase: Phase) => void;
};
