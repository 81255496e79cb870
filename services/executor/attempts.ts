import { backoffMs } from '#shared/process/backoff.ts';
import { about } from './about.ts';
import type { Job } from './backlog.ts';
import { isAgain, isDone } from './call.ts';
import type { Again, Result } from './call.ts';
import type { ExecutorParts } from './executor-parts.ts';
import type { Lane } from './lane.ts';
import { findDone } from './probe.ts';

/** A command in its lane. `isInherited`: an executor before us may have sent it. */
type Task = { readonly job: Job; readonly lane: Lane; readonly isInherited: boolean };

const repeat = { firstMs: 50, mostMs: 5_000 };

/** Repeats calls until their answers are certain, and knows how many are under way. */
export class Attempts {
  readonly #parts: ExecutorParts;
  readonly #signal: AbortSignal;
  #calls = 0;

  constructor(parts: ExecutorParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** What one command came to; undefined when we are told to stop before that is certain. */
  async untilCertain(
    { job, lane, isInherited }: Task,
    act: () => Promise<Result | Again>,
  ): Promise<Result | undefined> {
    const { clock, hands, log, metrics, random = Math.random } = this.#parts;
    for (let attempt = 1; !this.#signal.aborted; attempt += 1) {
      let result = await this.#counted(act);
      const isSentBefore = attempt > 1 || isInherited;
      if (!isAgain(result) && !isDone(result) && isSentBefore) {
        result = (await findDone(hands.cluster, job)) ?? result;
      }
      if (!isAgain(result)) return result;
      metrics?.retries.inc({ verb: job.command.verb });
      if (result.afterMs !== undefined) lane.throttled();
      const waitMs = result.afterMs ?? backoffMs(repeat, attempt, random());
      if (attempt === 5) log.warn({ ...about(job), attempt }, 'no certain answer yet, going on');
      await clock.sleep(waitMs, this.#signal);
    }
    return undefined;
  }

  /** Resolves when no call is under way any more, but not later than after a time. */
  async ended(withinMs: number): Promise<void> {
    const { clock } = this.#parts;
    const endsAt = clock.monotonicMs() + withinMs;
    while (this.#calls > 0 && clock.monotonicMs() < endsAt) await clock.sleep(10);
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.#calls -= 1;
    }
  }
}
