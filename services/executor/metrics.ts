import type { Clock } from '#shared/process/clock.ts';
import type { Counter, Histogram, Meters } from '#shared/process/metrics.ts';
import type { Backlog, Job } from './backlog.ts';
import type { BookGate } from './book-gate.ts';
import type { Result } from './call.ts';
import type { Lane } from './lane.ts';
import type { LogClock } from './log-clock.ts';

export type ExecutorMetrics = {
  readonly settled: Counter<'verb' | 'outcome' | 'reason'>;
  readonly retries: Counter<'verb'>;
  /** From the first call of a command to its certain answer. */
  readonly performing: Histogram<'verb'>;
  /** Has the gauges ask what this run has in hand. */
  follow(work: Work): void;
};

/** As much of a run as can be asked at any time. */
export type Work = {
  readonly backlog: Pick<Backlog, 'size' | 'oldestAt'>;
  readonly time: Pick<LogClock, 'now'>;
};

type Sources = {
  readonly gate: BookGate;
  readonly lanes: Readonly<Record<string, Lane>>;
};

export function createExecutorMetrics(meters: Meters, sources: Sources): ExecutorMetrics {
  let work: Work | undefined;
  meterWork(meters, () => work);
  meterSources(meters, sources);
  return {
    settled: meters.counter({
      name: 'rollcall_commands_settled_total',
      help: 'Outcomes written down, by verb and by why they are not `applied`.',
      labels: ['verb', 'outcome', 'reason'],
    }),
    retries: meters.counter({
      name: 'rollcall_command_retries_total',
      help: 'Attempts whose answer was not certain, so that the command was tried again.',
      labels: ['verb'],
    }),
    performing: meters.histogram({
      name: 'rollcall_command_duration_seconds',
      help: 'From the first call of a command to its certain answer, repeats included.',
      labels: ['verb'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30],
    }),
    follow(that) {
      work = that;
    },
  };
}

export function labelsOf({ command }: Job, { outcome, reason }: Result) {
  return { verb: command.verb, outcome, reason: reason ?? 'none' };
}

type Timing = { readonly clock: Clock; readonly metrics?: ExecutorMetrics };

/** Measures how long a command is being carried out, if anybody counts. */
export async function timed<T>(
  { clock, metrics }: Timing,
  { command }: Job,
  work: () => Promise<T>,
): Promise<T> {
  if (metrics === undefined) return work();
  const startedMs = clock.monotonicMs();
  const done = await work();
  metrics.performing.observe({ verb: command.verb }, (clock.monotonicMs() - startedMs) / 1_000);
  return done;
}

function meterWork(meters: Meters, work: () => Work | undefined): void {
  meters.readGauge({
    name: 'rollcall_commands_open',
    help: 'Commands of the log that have no outcome yet.',
    read: () => work()?.backlog.size,
  });
  meters.readGauge({
    name: 'rollcall_commands_oldest_age_seconds',
    help: 'Age of the oldest command without an outcome, by log time; 0 without any.',
    read: () => ageOf(work()),
  });
}

function ageOf(work: Work | undefined): number | undefined {
  if (work === undefined) return undefined;
  const { oldestAt } = work.backlog;
  return oldestAt === undefined ? 0 : Math.max(0, work.time.now() - oldestAt) / 1_000;
}

function meterSources(meters: Meters, { gate, lanes }: Sources): void {
  meters.readGauge({
    name: 'rollcall_destruction_waiting_commands',
    help: 'Destructive commands that wait until the book holds their decision.',
    read: () => gate.waiting,
  });
  meters.readGauge({
    name: 'rollcall_destruction_waiting_seconds',
    help: 'For how long some destructive command has been waiting without a break.',
    read: () => gate.waitedMs / 1_000,
  });
  meters.readGauge({
    name: 'rollcall_calls_in_flight',
    help: 'Commands that are being carried out, by lane.',
    label: 'lane',
    read: () => Object.entries(lanes).map(([name, lane]) => [name, lane.inFlight]),
  });
  meters.readGauge({
    name: 'rollcall_calls_bound',
    help: 'How many the lane may carry out at once; it shrinks when the API server throttles.',
    label: 'lane',
    read: () => Object.entries(lanes).map(([name, lane]) => [name, lane.bound]),
  });
}
