import { isDestructive } from '#shared/contract/commands.ts';
import type { Notice } from '#shared/contract/commands.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { Backlog } from './backlog.ts';
import type { Closing, Job } from './backlog.ts';
import type { BookGate } from './book-gate.ts';
import { isAgain } from './call.ts';
import type { Result } from './call.ts';
import type { Hands } from './effects/effect.ts';
import { postNotice } from './effects/post-event.ts';
import type { Lane } from './lane.ts';
import { LogClock } from './log-clock.ts';
import { perform } from './perform.ts';
import { settledRecord } from './settle.ts';
import { reader, startingPoint } from './starting-point.ts';
import type { StartingPoint } from './starting-point.ts';

export type ExecutorParts = {
  readonly stream: Stream;
  readonly hands: Hands;
  readonly gate: BookGate;
  /** Creates have a lane of their own, so that they cannot starve deletes and status. */
  readonly lanes: { readonly creates: Lane; readonly others: Lane; readonly notices: Lane };
  readonly clock: Clock;
  readonly log: Logger;
  /** A number in [0, 1) for the jitter; the platform's when absent. */
  readonly random?: () => number;
};

/** Older commands were made for a world that is gone. */
const expiryMs = 10 * 60_000;
const saveEachMs = 1_000;
const repeat = { firstMs: 50, mostMs: 5_000 };

/**
 * Does what the log's decisions say, once, and writes down what came of it. What an executor before us
 * left open is probed first: every effect finds what was already done.
 */
export async function execute(parts: ExecutorParts, signal: AbortSignal): Promise<void> {
  const start = await startingPoint(parts.stream);
  if (start.broken) parts.log.warn('the log is another one than before, nothing in it is executed');
  const run = new Run(parts, signal, start.after);
  await Promise.race([follow(run, parts, { start, signal }), run.failed]);
}

async function follow(
  run: Run,
  { stream, log }: ExecutorParts,
  { start, signal }: { readonly start: StartingPoint; readonly signal: AbortSignal },
): Promise<void> {
  let catchingUp = start.caughtUpAt > start.after;
  if (!catchingUp) log.info('ready');
  const from = { after: start.after, families: ['decision', 'outcome'] } as const;
  for await (const message of stream.read(from, signal)) {
    run.time.saw(message.at);
    const { ready, close } = run.backlog.fold(message);
    for (const closing of close) run.close(closing);
    if (!catchingUp) for (const job of ready) run.begin(job);
    if (!catchingUp || message.sequence < start.caughtUpAt) continue;
    catchingUp = false;
    run.takeUp(start.broken);
    log.info({ open: run.backlog.size }, 'ready');
  }
}

class Run {
  readonly backlog: Backlog;
  readonly time: LogClock;
  readonly #parts: ExecutorParts;
  readonly #signal: AbortSignal;
  readonly #failed = Promise.withResolvers<never>();
  #savedAt = 0;
  #saved: number;

  constructor(parts: ExecutorParts, signal: AbortSignal, after: number) {
    this.#parts = parts;
    this.#signal = signal;
    this.backlog = new Backlog(after);
    this.time = new LogClock(parts.clock);
    this.#saved = after;
  }

  /** Rejects when a job failed by a fault of ours. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** What is open at the end of the log when we start. */
  takeUp(broken: boolean): void {
    for (const job of this.backlog.unstarted()) {
      if (broken) this.close({ job, outcome: 'expired' });
      else this.begin(job);
    }
  }

  begin(job: Job): void {
    this.#guard(this.#do(job));
  }

  close(closing: Closing): void {
    this.#guard(this.#settle(closing.job, { outcome: closing.outcome }));
  }

  async #do(job: Job): Promise<void> {
    const { gate, lanes } = this.#parts;
    if (isDestructive(job.command)) await gate.passed(job.sequence, this.#signal);
    const lane = job.command.verb.startsWith('create-') ? lanes.creates : lanes.others;
    const result = await lane.run(async () => {
      if (this.#signal.aborted || !this.backlog.start(job.command.effect)) return undefined;
      if (this.time.now() - job.at > expiryMs) return { outcome: 'expired' } as const;
      return this.#untilCertain(job, lane);
    });
    if (result === undefined) return;
    await this.#settle(job, result);
    const { notice, verb } = job.command;
    if (result.outcome === 'applied' && notice !== undefined && verb !== 'post-event') {
      await this.#post(job, notice);
    }
  }

  /** Repeats one command until the answer is certain; undefined when we are told to stop before. */
  async #untilCertain(job: Job, lane: Lane): Promise<Result | undefined> {
    const { clock, hands, log, random = Math.random } = this.#parts;
    for (let attempt = 1; !this.#signal.aborted; attempt += 1) {
      const result = await perform(hands, job, clock.wallMs());
      if (!isAgain(result)) return result;
      if (result.afterMs !== undefined) lane.throttled();
      const waitMs = result.afterMs ?? backoffMs(repeat, attempt, random());
      if (attempt === 5) log.warn({ ...about(job), attempt }, 'no certain answer yet, going on');
      await clock.sleep(waitMs, this.#signal);
    }
    return undefined;
  }

  async #settle(job: Job, result: Result): Promise<void> {
    await this.#parts.stream.append(job.shard, 'outcome', settledRecord(job, result));
    const { returned: _, ...shown } = result;
    this.#parts.log.info({ ...about(job), ...shown }, 'settled');
    await this.#saveFloor();
  }

  async #post(job: Job, notice: Notice): Promise<void> {
    const { clock, hands, lanes, log } = this.#parts;
    await lanes.notices.run(async () => {
      const nowMs = clock.wallMs();
      const posted = await postNotice(hands.cluster, { job, notice, nowMs });
      if (isAgain(posted) || posted.outcome === 'refused') {
        log.debug({ ...about(job), reason: notice.reason }, 'an event was not posted');
      }
    });
  }

  async #saveFloor(): Promise<void> {
    const { clock, stream } = this.#parts;
    const now = clock.monotonicMs();
    const floor = this.backlog.floor();
    if (now - this.#savedAt < saveEachMs || floor <= this.#saved) return;
    this.#savedAt = now;
    this.#saved = floor;
    const message = await stream.at(floor);
    if (message === undefined) return;
    await stream.positions.save(reader, {
      lineage: stream.identity.lineage,
      sequence: floor,
      hash: message.hash,
    });
  }

  /** A job that fails by a fault of ours must end the process, not vanish. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#signal.aborted) this.#failed.reject(error);
    });
  }
}

function about(job: Job): Readonly<Record<string, unknown>> {
  const { set, plan } = job.plan;
  return {
    set: `${set.namespace}/${set.name}`,
    plan,
    verb: job.command.verb,
    effect: job.command.effect,
  };
}
