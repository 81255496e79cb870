import { isDestructive } from '#shared/contract/commands.ts';
import type { Notice } from '#shared/contract/commands.ts';
import { inSpan, noteInSpan } from '#shared/process/tracing.ts';
import { about } from './about.ts';
import { Attempts } from './attempts.ts';
import { Backlog } from './backlog.ts';
import type { Closing, Job } from './backlog.ts';
import { isAgain } from './call.ts';
import type { Again, Result } from './call.ts';
import { postNotice } from './effects/post-event.ts';
import type { ExecutorParts } from './executor-parts.ts';
import { isExpired } from './expiry.ts';
import { FloorKeeper } from './floor-keeper.ts';
import { LogClock } from './log-clock.ts';
import { labelsOf, timed } from './metrics.ts';
import { isCreate, Order } from './order.ts';
import { perform } from './perform.ts';
import { settledRecord } from './settle.ts';
import { startingPoint } from './starting-point.ts';
import type { StartingPoint } from './starting-point.ts';
import { Underway } from './underway.ts';

/** At a stop, what has been sent is waited for so long before the lease is given back. */
const settleWithinMs = 3_000;

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
    await Promise.race([follow(run, parts, { start, signal }), run.underway.failed]);
  } finally {
    // Whoever comes next looks for what we have made, and must not look before it is there.
    await run.attempts.ended(settleWithinMs);
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
      if (run.underway.isFull) await run.underway.room();
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

/** What one executor has in hand, from the commands it takes up to the outcomes it writes down. */
class Run {
  readonly backlog: Backlog;
  readonly time: LogClock;
  readonly underway: Underway;
  readonly attempts: Attempts;
  readonly #order = new Order();
  readonly #floor: FloorKeeper;
  readonly #parts: ExecutorParts;
  readonly #signal: AbortSignal;
  /** Commands up to here may have been sent by an executor before us. */
  readonly #inherited: number;

  constructor(parts: ExecutorParts, signal: AbortSignal, { after, caughtUpAt }: StartingPoint) {
    this.#parts = parts;
    this.#signal = signal;
    this.backlog = new Backlog(after);
    this.time = new LogClock(parts.clock);
    this.underway = new Underway(signal);
    this.attempts = new Attempts(parts, signal);
    this.#floor = new FloorKeeper(parts, after);
    this.#inherited = caughtUpAt;
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
    if (isOfThisLog) this.underway.add(this.#do(job));
    else if (this.backlog.start(job.command.effect)) this.close({ job, outcome: 'superseded' });
  }

  close(closing: Closing): void {
    this.underway.add(this.#close(closing));
  }

  async #close({ job, outcome }: Closing): Promise<void> {
    const { others } = this.#parts.lanes;
    const task = { job, lane: others, isInherited: this.#isInherited(job) };
    // What was sent before us may have been done: then that is what came of it.
    const result = task.isInherited
      ? await others.run(() => this.attempts.untilCertain(task, async () => ({ outcome })))
      : { outcome };
    if (result !== undefined) await this.#settle(job, result);
  }

  #isInherited(job: Job): boolean {
    return job.sequence <= this.#inherited;
  }

  async #do(job: Job): Promise<void> {
    const { gate } = this.#parts;
    const { notice, verb } = job.command;
    if (isDestructive(job.command)) await gate.passed(job.sequence, this.#signal);
    const { set, effect } = about(job);
    const attributes = { 'rollcall.set': set, 'rollcall.effect': effect };
    const span = { name: `effect ${verb}`, links: [job.trace], attributes };
    const result = await inSpan(span, () => this.#settled(job));
    if (result?.outcome !== 'applied' || notice === undefined || verb === 'post-event') return;
    await this.#post(job, notice);
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
        this.attempts.untilCertain({ job, lane, isInherited }, () =>
          isOver ? Promise.resolve({ outcome: 'expired' }) : this.#perform(job),
        ),
      );
    });
  }

  #perform(job: Job): Promise<Result | Again> {
    const { clock, hands, vigil } = this.#parts;
    return perform(vigil?.guard(hands) ?? hands, job, clock.wallMs());
  }

  async #settle(job: Job, result: Result): Promise<void> {
    await this.#parts.stream.append(job.shard, 'outcome', settledRecord(job, result));
    this.#parts.metrics?.settled.inc(labelsOf(job, result));
    const { returned: _, ...shown } = result;
    this.#parts.log.info({ ...about(job), ...shown }, 'settled');
    await this.#floor.save(this.backlog);
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
}
