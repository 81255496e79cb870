import { isDestructive } from '#shared/contract/commands.ts';
import type { Shard, Uid } from '#shared/contract/ids.ts';
import type { Decided, Decision as DecisionRecord, Held } from '#shared/contract/records.ts';
import type { Counts } from '#shared/core/counts.ts';
import { hashOf } from '#shared/core/hash.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { inSpan } from '#shared/process/tracing.ts';
import type { Message } from '#shared/stream/log.ts';
import type { Wake } from './alarm.ts';
import type { DeskMark } from './desk-mark.ts';
import type { DeskParts } from './desk-parts.ts';
import { countDecision } from './metrics.ts';
import type { Packable } from './packing.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Cause } from './stopwatch.ts';
import { Tenure } from './tenure.ts';

export type DeskSnapshot = Packable & { readonly mark: DeskMark };

/** How often it is looked whether the log has room again. */
const roomEachMs = 1_000;

/** Another reconciler has written decisions of this shard: ours are not to be made any more. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/**
 * Where one shard is folded and decided. Strictly one thing after the other: a decision is made on a
 * view that holds the shard's last decision, and the next only after this one has come back from the
 * log, so that each sees all earlier ones in the order of the log.
 */
export class Desk<View> {
  readonly shard: Shard;
  readonly #parts: DeskParts<View>;
  readonly #view: View;
  /** At most one entry for each set, however often it is touched while the log takes no decision. */
  readonly #touched = new Set<Uid>();
  /** Sets whose plan failed its check: not decided any more by this process. */
  readonly #withheld = new Set<Uid>();
  /** What was told last of each set. */
  readonly #told = new Map<Uid, string>();
  readonly #stopwatch: Stopwatch;
  readonly #tenure: Tenure;
  #deciding = false;
  #isWaiting = false;

  constructor(
    parts: DeskParts<View>,
    shard: Shard,
    from: { readonly view: View; readonly mark?: DeskMark },
  ) {
    this.#parts = parts;
    this.#stopwatch = new Stopwatch(parts.metrics);
    this.shard = shard;
    this.#view = from.view;
    this.#tenure = new Tenure(parts.stream, shard, from.mark);
  }

  /** Sequence of the newest message of the shard that is folded. */
  get basis(): number {
    return this.#tenure.basis;
  }

  /** There are sets to be decided. */
  get isTouched(): boolean {
    return this.#touched.size > 0;
  }

  get counts(): Counts | undefined {
    return this.#parts.decider.counts?.(this.#view);
  }

  /** What another desk needs to go on from here. */
  snapshot(): DeskSnapshot {
    return { ...this.#parts.decider.toSnapshot(this.#view), mark: this.#tenure.mark };
  }

  /**
   * Takes in a message of this shard; one that the desk's beginning held already changes nothing.
   * Throws OvertakenError when it is another's take-over.
   */
  fold(message: Message): void {
    if (message.sequence <= this.basis) return;
    const sets = this.#parts.decider.evolve(this.#view, message);
    for (const set of sets) this.#touched.add(set);
    if (this.#tenure.hasBegun) this.#time(message, sets);
    this.#tenure.fold(message);
    if (message.family === 'decision') this.#refuseIfOvertaken();
  }

  #time({ at, family, records, trace }: Message, sets: readonly Uid[]): void {
    if (family === 'decision') return;
    const touch = { at, isFact: family === 'fact', trace };
    for (const set of sets) this.#stopwatch.touched(set, touch);
    if (family !== 'outcome') return;
    for (const record of records)
      if (record.type === 'settled') this.#stopwatch.settled(record, at);
  }

  /**
   * Takes the shard over; resolves when our own record has been folded. `trustsFrom`: surveys that began
   * before are not to be believed.
   */
  async open(trustsFrom?: number): Promise<void> {
    const { stream, holder, codeVersion, decider, metrics } = this.#parts;
    const { lineage } = stream.identity;
    const run = hashOf(holder).toString(36);
    const taken = { type: 'opened', lineage, codeVersion, holder, run } as const;
    await this.#tenure.begin(trustsFrom === undefined ? taken : { ...taken, trustsFrom });
    metrics?.takeOvers.inc();
    this.#refuseIfOvertaken();
    for (const set of decider.setsOf(this.#view)) this.#touched.add(set);
  }

  /** Decides all that was touched; not before the shard is ours. */
  async decideTouched(): Promise<void> {
    if (this.#deciding || !this.#tenure.hasBegun) return;
    this.#deciding = true;
    try {
      // A set that is touched meanwhile comes to the end of the line.
      for (const set of this.#touched) {
        this.#touched.delete(set);
        await this.#decide(set);
      }
    } finally {
      this.#deciding = false;
    }
  }

  /** Has a set decided again, though nothing was folded. */
  touch(set: Uid): void {
    this.#touched.add(set);
    this.#parts.wake();
  }

  async #decide(set: Uid): Promise<void> {
    if (this.#withheld.has(set)) return;
    const { alarm, clock, decider, limits, log, metrics, pace, policy } = this.#parts;
    const seed = `${set}:${this.basis}`;
    const cause = this.#stopwatch.take(set);
    const since = performance.now();
    const moment = { now: clock.now(), seed, limits, policy };
    const decision = pace.timed(() => decider.decide(this.#view, set, moment));
    metrics?.deciding.observe((performance.now() - since) / 1_000);
    switch (decision.type) {
      case 'wait':
        log.debug({ set, because: decision.because, wakeAt: decision.wakeAt }, 'waiting');
        alarm.set(set, this.#wake(set, decision.wakeAt));
        return;
      case 'tell':
        if (this.#isTold(decision.held)) return;
        await this.#append(decision.held);
        countDecision(metrics, decision.held);
        log.info({ ...brief(decision.held), reason: decision.held.reason }, 'held');
        break;
      case 'act':
        if (this.#waitsForRoom(decision.decided)) return;
        if (!(await this.#isSound(decision.decided))) return;
        await this.#act(decision.decided, cause, since);
        log.info({ ...brief(decision.decided), ...size(decision.decided) }, 'decided');
        break;
      default:
        unreachable(decision);
    }
    // What it has led to may call for more at once.
    this.#touched.add(set);
  }

  /** Records a plan; its span began when it was thought about. */
  async #act(decided: Decided, cause: Cause, since: number): Promise<void> {
    const { set, commands, because } = decided;
    const attributes = {
      'rollcall.set': `${set.kind}/${set.namespace}/${set.name}`,
      'rollcall.commands': commands.length,
      'rollcall.because': because,
    };
    const span = { name: 'decide', links: cause.traces, attributes, since };
    await inSpan(span, () => this.#append(decided));
    this.#stopwatch.decided(decided, cause, this.#tenure.decidedAt);
    countDecision(this.#parts.metrics, decided);
  }

  /** A log that is nearly full is no place to begin a destruction; it is decided anew in a while. */
  #waitsForRoom({ set, mode, commands }: Decided): boolean {
    const { alarm, clock, log, stream } = this.#parts;
    const { strain } = stream.condition();
    const waits = strain !== undefined && mode === 'manage' && commands.some(isDestructive);
    if (waits) alarm.set(set.uid, this.#wake(set.uid, clock.now() + roomEachMs));
    if (waits && !this.#isWaiting) log.warn({ because: strain }, 'destruction waits');
    this.#isWaiting = waits;
    return waits;
  }

  /** Guards the log against a decision that does not notice that it was recorded. */
  #isTold({ set, reason, because }: Held): boolean {
    const telling = `${reason}: ${because}`;
    const isTold = this.#told.get(set.uid) === telling;
    this.#told.set(set.uid, telling);
    return isTold;
  }

  /** A plan that fails its check is withheld, never mended; people find it in the log and the book. */
  async #isSound(decided: Decided): Promise<boolean> {
    const problems = this.#parts.decider.checkPlan(this.#view, decided);
    if (problems.length === 0) return true;
    this.#withheld.add(decided.set.uid);
    this.#parts.metrics?.unsound.inc();
    this.#parts.log.error({ ...brief(decided), problems }, 'a plan is not sound, the set is held');
    const { epoch, set, basis } = decided;
    const because = problems.join('; ');
    await this.#append({ type: 'held', epoch, set, basis, reason: 'PlanNotSound', because });
    return false;
  }

  async #append(record: DecisionRecord): Promise<void> {
    const answer = await this.#tenure.append(record);
    if (!answer.stored) throw this.#overtaken(answer.last);
  }

  #refuseIfOvertaken(): void {
    const { overtakenAt } = this.#tenure;
    if (overtakenAt !== undefined) throw this.#overtaken(overtakenAt);
  }

  #overtaken(sequence: number): OvertakenError {
    return new OvertakenError(
      `another reconciler has taken over shard ${this.shard} at sequence ${sequence}`,
    );
  }

  #wake(set: Uid, at: number | undefined): Wake | undefined {
    return at === undefined ? undefined : { at, ring: () => this.touch(set) };
  }
}

function brief(record: { readonly set: Decided['set']; readonly because: string }) {
  const { kind, namespace, name } = record.set;
  return { set: `${kind}/${namespace}/${name}`, because: record.because };
}

function size({ epoch, plan, commands, mode }: Decided) {
  return { plan: `${epoch}.${plan}`, mode, commands: commands.length };
}
