import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { BookGate } from './book-gate.ts';
import type { Hands } from './effects/effect.ts';
import type { Lane } from './lane.ts';
import type { ExecutorMetrics } from './metrics.ts';
import type { Vigil } from './vigil.ts';

export type ExecutorParts = {
  readonly stream: Stream;
  readonly hands: Hands;
  readonly gate: BookGate;
  /** Creates have a lane of their own, so that they cannot starve deletes and status. */
  readonly lanes: { readonly creates: Lane; readonly others: Lane; readonly notices: Lane };
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps attempts from before a pause of the process from writing; absent in simulated time. */
  readonly vigil?: Vigil;
  /** A number in [0, 1) for the jitter; the platform's when absent. */
  readonly random?: () => number;
  readonly metrics?: ExecutorMetrics;
  /** Called once everything that stood in the log is taken up. */
  readonly onReady?: () => void;
};
