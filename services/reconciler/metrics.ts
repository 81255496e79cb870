import type { Decided, Held } from '#shared/contract/records.ts';
import type { Counts } from '#shared/core/counts.ts';
import type { Counter, Histogram, Meters } from '#shared/process/metrics.ts';

/** What the shell of the reconciler counts; what is decided knows nothing of it. */
export type ReconcilerMetrics = {
  /** `act` by mode, `held`, and `released` when a hold is over. */
  readonly decisions: Counter<'decision' | 'mode' | 'kind'>;
  readonly commands: Counter<'verb' | 'purpose'>;
  readonly withdrawn: Counter;
  readonly unsound: Counter;
  readonly takeOvers: Counter;
  readonly deciding: Histogram;
  readonly factToDecision: Histogram;
  readonly decisionToEffect: Histogram<'verb'>;
  readonly factToEffect: Histogram;
  /** Has the gauges ask the desks of this run. */
  follow(desks: Desks): void;
};

/** As much of the desks as can be asked at any time. */
type Desks = {
  readonly isOpen: boolean;
  readonly counts: Counts;
};

const latencies = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300];

export function createReconcilerMetrics(meters: Meters): ReconcilerMetrics {
  let desks: Desks | undefined;
  meterDesks(meters, () => desks);
  return {
    ...createCounters(meters),
    deciding: meters.histogram({
      name: 'rollcall_decide_duration_seconds',
      help: 'How long one decision was thought about.',
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    }),
    factToDecision: meters.histogram({
      name: 'rollcall_fact_to_decision_seconds',
      help: 'From the first undecided fact about a set to the decision on it, by log time.',
      buckets: latencies,
    }),
    decisionToEffect: meters.histogram({
      name: 'rollcall_decision_to_effect_seconds',
      help: 'From a decision to the outcome of each of its commands that were applied, by log time.',
      labels: ['verb'],
      buckets: latencies,
    }),
    factToEffect: meters.histogram({
      name: 'rollcall_fact_to_effect_seconds',
      help: 'From the first undecided fact about a set to each applied command that it led to, by log time.',
      buckets: latencies,
    }),
    follow(those) {
      desks = those;
    },
  };
}

function createCounters(meters: Meters) {
  return {
    decisions: meters.counter({
      name: 'rollcall_decisions_total',
      help: 'Decisions recorded: plans by mode, holds, and releases from holds.',
      labels: ['decision', 'mode', 'kind'],
    }),
    commands: meters.counter({
      name: 'rollcall_commands_decided_total',
      help: 'Commands of recorded plans.',
      labels: ['verb', 'purpose'],
    }),
    withdrawn: meters.counter({
      name: 'rollcall_commands_withdrawn_total',
      help: 'Commands that a later plan called back.',
    }),
    unsound: meters.counter({
      name: 'rollcall_unsound_plans_total',
      help: 'Plans that failed their check and were withheld: always a fault of ours.',
    }),
    takeOvers: meters.counter({
      name: 'rollcall_shard_take_overs_total',
      help: 'Shards that this process took over, each with a new epoch; 64 at a start.',
    }),
  };
}

function meterDesks(meters: Meters, desks: () => Desks | undefined): void {
  const counts = (): Counts | undefined => desks()?.counts;
  meters.readGauge({
    name: 'rollcall_shards_open',
    help: '1 while this process decides; what it knows of sets is then the whole.',
    read: () => (desks()?.isOpen === true ? 1 : 0),
  });
  meters.readGauge({
    name: 'rollcall_sets',
    help: 'Sets that this process knows.',
    read: () => counts()?.sets,
  });
  meters.readGauge({
    name: 'rollcall_sets_held',
    help: 'Sets that may not act, by reason.',
    label: 'reason',
    read: () => counts()?.held ?? [],
  });
  meters.readGauge({
    name: 'rollcall_commands_pending',
    help: 'Commands whose effect has not been seen yet.',
    read: () => counts()?.pending,
  });
}

/** Counts what has been recorded, if anybody counts. */
export function countDecision(
  metrics: ReconcilerMetrics | undefined,
  record: Decided | Held,
): void {
  if (metrics === undefined) return;
  const { kind } = record.set;
  if (record.type === 'held') {
    const decision = record.reason === undefined ? 'released' : 'held';
    metrics.decisions.inc({ decision, mode: 'none', kind });
    return;
  }
  metrics.decisions.inc({ decision: 'act', mode: record.mode, kind });
  metrics.withdrawn.inc(record.withdraws?.length ?? 0);
  for (const command of record.commands) {
    const purpose = 'purpose' in command ? command.purpose : 'none';
    metrics.commands.inc({ verb: command.verb, purpose });
  }
}
