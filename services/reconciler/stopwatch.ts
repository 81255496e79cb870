import type { EffectId, Uid } from '#shared/contract/ids.ts';
import type { Decided, Settled } from '#shared/contract/records.ts';
import type { Trace } from '#shared/process/tracing.ts';
import type { ReconcilerMetrics } from './metrics.ts';

/** What a decision follows from. */
export type Cause = {
  /** Log time of the first fact that was not decided on; undefined when none has come. */
  readonly at?: number;
  readonly traces: readonly Trace[];
};

type Begun = { readonly factAt: number | undefined; readonly decidedAt: number };

const mostTraces = 16;
/** What is pending is bounded for each set, but not the number of sets. */
const mostBegun = 100_000;
const noCause: Cause = { traces: [] };

/** As much of a decision as is timed. */
type Plan = {
  readonly mode: Decided['mode'];
  readonly commands: readonly { readonly effect: EffectId }[];
};
type Outcome = Pick<Settled, 'effect' | 'outcome' | 'verb'>;

type Latencies = Pick<ReconcilerMetrics, 'factToDecision' | 'decisionToEffect' | 'factToEffect'>;

/**
 * Takes the times from facts to decisions to effects, all by the log, so that clocks of machines do not
 * matter. What began before this process did is not measured.
 */
export class Stopwatch {
  readonly #latencies: Latencies | undefined;
  readonly #causes = new Map<Uid, { at: number | undefined; traces: Trace[] }>();
  readonly #begun = new Map<EffectId, Begun>();

  constructor(latencies: Latencies | undefined) {
    this.#latencies = latencies;
  }

  /** A message of that log time concerns a set; only facts start the watch. */
  touched(set: Uid, { at, isFact, trace }: Touch): void {
    if (!isFact && trace === undefined) return;
    const cause = this.#causes.get(set);
    if (cause === undefined) {
      const traces = trace === undefined ? [] : [trace];
      this.#causes.set(set, { at: isFact ? at : undefined, traces });
      return;
    }
    if (isFact) cause.at ??= at;
    if (trace !== undefined && cause.traces.length < mostTraces) cause.traces.push(trace);
  }

  /** What has come about a set since it was asked last. */
  take(set: Uid): Cause {
    const cause = this.#causes.get(set);
    if (cause === undefined) return noCause;
    this.#causes.delete(set);
    return cause.at === undefined
      ? { traces: cause.traces }
      : { at: cause.at, traces: cause.traces };
  }

  /** A plan stands in the log since `decidedAt`. */
  decided({ commands, mode }: Plan, { at: factAt }: Cause, decidedAt: number): void {
    if (this.#latencies === undefined) return;
    if (factAt !== undefined) {
      this.#latencies.factToDecision.observe(seconds(factAt, decidedAt));
    }
    if (mode !== 'manage' || this.#begun.size >= mostBegun) return;
    for (const { effect } of commands) this.#begun.set(effect, { factAt, decidedAt });
  }

  /** An outcome stands in the log since `at`. */
  settled({ effect, outcome, verb }: Outcome, at: number): void {
    if (this.#latencies === undefined) return;
    const begun = this.#begun.get(effect);
    if (begun === undefined) return;
    this.#begun.delete(effect);
    if (outcome !== 'applied') return;
    const { decisionToEffect, factToEffect } = this.#latencies;
    decisionToEffect.observe({ verb }, seconds(begun.decidedAt, at));
    if (begun.factAt !== undefined) factToEffect.observe(seconds(begun.factAt, at));
  }
}

export type Touch = {
  readonly at: number;
  readonly isFact: boolean;
  readonly trace: Trace | undefined;
};

/** The broker's time of day may be set back. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
