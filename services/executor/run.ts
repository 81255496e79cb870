import { isDestructive } from '#shared/contract/commands.ts';
import type { Notice } from '#shared/contract/commands.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { inSpan, noteInSpan } from '#shared/process/tracing.ts';
import { positionAt } from '#shared/stream/lineage.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { Backlog } from './backlog.ts';
import type { Closing, Job } from './backlog.ts';
import type { BookGate } from './book-gate.ts';
import { isAgain, isDone } from './call.ts';
import type { Again, Result } from './call.ts';
import type { Hands } from './effects/effect.ts';
import { postNotice } from './effects/post-event.ts';
import type { Lane } from './lane.ts';
import { isExpired } from './expiry.ts';
import { LogClock } from './log-clock.ts';
import { labelsOf, timed } from './metrics.ts';
import type { ExecutorMetrics } from './metrics.ts';
import { isCreate, Order } from './order.ts';
import { perform } from './perform.ts';
import { findDone } from './probe.ts';
import { settledRecord } from './settle.ts';
import { reader, startingPoint } from './starting-point.ts';
import type { StartingPoint } from './starting-point.ts';
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

/**
 * Most commands begun and not settled, about 1 KB each. With more the log is read no further; what the
 * reconciler has pending is bounded for each set, but not the number of sets.
 */
const mostBegun = 20_000;

const saveEachMs = 1_000;
/** At a stop, what has been sent is waited for so long before the lease is given back. */
const settleWithinMs = 3_000;
const repeat = { firstMs: 50, mostMs: 5_000 };

/**
 * Does what the log's decisions say, once, and writes down what came of it. What an executor before us
 * left open is probed first: every effect finds what was already done.
 */
export async function execute(parts: ExecutorParts, signal: AbortSignal): Promise<void> {
  const start = await startingPoint(parts.stream);
  if (start.broken) parts.log.warn('the log is another one than before, nothing in it is executed');
  const run = new Run(parts, signal, start);
  parts.metrics?.follow(run);
  try {
    await Promise.race([follow(run, parts, { start, signal }), run.failed]);
  } finally {
    // Whoever comes next looks for what we have made, and must not look before it is there.
    await run.ended(settleWithinMs);
  }
}

async function follow(
  run: Run,
  { stream, log, onReady }: ExecutorParts,
  { start, signal }: { readonly start: StartingPoint; readonly signal: AbortSignal },
): Promise<void> {
  let catchingUp = start.caughtUpAt > start.after;
  const sayReady = (open: number): void => {
    log.info({ open }, 'ready');
    onReady?.();
  };
  if (!catchingUp) sayReady(0);
  const overdue: Closing[] = [];
  const from = { after: start.after, families: ['decision', 'outcome'] } as const;
  for await (const message of stream.read(from, signal)) {
    run.time.saw(message.at);
    const { ready, close } = run.backlog.fold(message);
    if (!catchingUp) {
      for (const closing of close) run.close(closing);
      for (const job of ready) run.begin(job);
      if (run.isFull) await run.room();
      continue;
    }
    overdue.push(...close);
    if (message.sequence < start.caughtUpAt) continue;
    catchingUp = false;
    // What was closed by an earlier command may have been settled by a later record.
    for (const closing of overdue) if (run.backlog.isOpen(closing.job)) run.close(closing);
    run.takeUp(start.broken);
    sayReady(run.backlog.size);
  }
}

class Run {
  readonly backlog: Backlog;
  readonly time: LogClock;
  readonly #order = new Order();
  readonly #parts: ExecutorParts;
  readonly #signal: AbortSignal;
  readonly #failed = Promise.withResolvers<never>();
  #begun = 0;
  #calls = 0;
  #leave: (() => void) | undefined;
  #savedAt = 0;
  #saved: number;
  /** Commands up to here may have been sent by an executor before us. */
  readonly #inherited: number;

  constructor(parts: ExecutorParts, signal: AbortSignal, { after, caughtUpAt }: StartingPoint) {
    this.#parts = parts;
    this.#signal = signal;
    this.backlog = new Backlog(after);
    this.time = new LogClock(parts.clock);
    this.#saved = after;
    this.#inherited = caughtUpAt;
  }

  /** Rejects when a job failed by a fault of ours. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get isFull(): boolean {
    return this.#begun >= mostBegun && !this.#signal.aborted;
  }

  /** Resolves when another command may be begun, or when we are told to stop. */
  async room(): Promise<void> {
    const leave = (): void => this.#leave?.();
    this.#signal.addEventListener('abort', leave);
    while (this.isFull) await new Promise<void>((resolve) => (this.#leave = resolve));
    this.#signal.removeEventListener('abort', leave);
  }

  /** Resolves when no call is under way any more, but not later than after a time. */
  async ended(withinMs: number): Promise<void> {
    const { clock } = this.#parts;
    const endsAt = clock.monotonicMs() + withinMs;
    while (this.#calls > 0 && clock.monotonicMs() < endsAt) await clock.sleep(10);
  }

  /** What is open at the end of the log when we start. */
  takeUp(broken: boolean): void {
    for (const job of this.backlog.unstarted()) {
      if (broken) this.close({ job, outcome: 'expired' });
      else this.begin(job);
    }
  }

  begin(job: Job): void {
    // A stream that was replaced while the plan was on its way: the plan is about another log.
    const isOfThisLog = job.command.effect.startsWith(`${this.#parts.stream.identity.lineage}.`);
    if (isOfThisLog) this.#guard(this.#do(job));
    else if (this.backlog.start(job.command.effect)) this.close({ job, outcome: 'superseded' });
  }

  close(closing: Closing): void {
    this.#guard(this.#close(closing));
  }

  async #close({ job, outcome }: Closing): Promise<void> {
    const { others } = this.#parts.lanes;
    const result = this.#isInherited(job)
      ? await others.run(() => this.#untilCertain(job, others, async () => ({ outcome })))
      : { outcome };
    if (result !== undefined) await this.#settle(job, result);
  }

  #isInherited(job: Job): boolean {
    return job.sequence <= this.#inherited;
  }

  async #do(job: Job): Promise<void> {
    const { gate } = this.#parts;
    if (isDestructive(job.command)) await gate.passed(job.sequence, this.#signal);
    const { set, effect, verb: does } = about(job);
    const attributes = { 'rollcall.set': set, 'rollcall.effect': effect };
    const result = await inSpan({ name: `effect ${does}`, links: [job.trace], attributes }, () =>
      this.#settled(job),
    );
    if (result === undefined) return;
    const { notice, verb } = job.command;
    if (result.outcome === 'applied' && notice !== undefined && verb !== 'post-event') {
      await this.#post(job, notice);
    }
  }

  async #settled(job: Job): Promise<Result | undefined> {
    const result = await this.#order.run(job, () => this.#inLane(job));
    if (result === undefined) return undefined;
    noteInSpan({ 'rollcall.outcome': result.outcome });
    await this.#settle(job, result);
    return result;
  }

  #inLane(job: Job): Promise<Result | undefined> {
    const { lanes } = this.#parts;
    const lane = isCreate(job) ? lanes.creates : lanes.others;
    return lane.run(async () => {
      if (this.#signal.aborted || !this.backlog.start(job.command.effect)) return undefined;
      const clocks = { time: this.time, clock: this.#parts.clock };
      const isInherited = this.#isInherited(job);
      // It may have been done, and undone by others since: only a look tells, and the rest is decided anew.
      const isLeft = isInherited && isCreate(job);
      const isOver = isLeft || isExpired(job, clocks, isInherited);
      return timed(this.#parts, job, () =>
        this.#untilCertain(job, lane, () =>
          isOver ? Promise.resolve({ outcome: 'expired' }) : this.#perform(job),
        ),
      );
    });
  }

  #perform(job: Job): Promise<Result | Again> {
    const { clock, hands, vigil } = this.#parts;
    return perform(vigil?.guard(hands) ?? hands, job, clock.wallMs());
  }

  /** Repeats one command until the answer is certain; undefined when we are told to stop before. */
  async #untilCertain(
    job: Job,
    lane: Lane,
    act: () => Promise<Result | Again>,
  ): Promise<Result | undefined> {
    const { clock, hands, log, metrics, random = Math.random } = this.#parts;
    for (let attempt = 1; !this.#signal.aborted; attempt += 1) {
      let result = await this.#counted(act);
      const isSentBefore = attempt > 1 || this.#isInherited(job);
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

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.#calls -= 1;
    }
  }

  async #settle(job: Job, result: Result): Promise<void> {
    await this.#parts.stream.append(job.shard, 'outcome', settledRecord(job, result));
    this.#parts.metrics?.settled.inc(labelsOf(job, result));
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
    // An outcome may stand far behind its decision: a log set back to between the two lacks it.
    const [message, newest] = await Promise.all([stream.at(floor), stream.at(this.backlog.read)]);
    if (message === undefined || newest === undefined) return;
    const read = { sequence: newest.sequence, hash: newest.hash };
    await stream.positions.save(reader, { ...positionAt(stream, message), read });
  }

  /** A job that fails by a fault of ours must end the process, not vanish. */
  #guard(work: Promise<void>): void {
    this.#begun += 1;
    const ended = (): void => {
      this.#begun -= 1;
      this.#leave?.();
    };
    work.then(ended, (error: unknown) => {
      ended();
      if (!this.#signal.aborted) this.#failed.reject(error);
    });
  }
}

function about(job: Job) {
  const { set, plan } = job.plan;
  return {
    set: `${set.namespace}/${set.name}`,
    plan,
    verb: job.command.verb,
    effect: job.command.effect,
  };
}
