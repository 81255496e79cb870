import type { Shard } from '#shared/contract/ids.ts';
import type { Decision } from '#shared/contract/records.ts';
import type { Message, Overtaken, Stored } from '#shared/stream/log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { DeskMark } from './desk-mark.ts';

type Opened = Extract<Decision, { readonly type: 'opened' }>;

/**
 * The right to decide one shard. A decision is written only behind the newest one that was folded, and
 * the next not before this one has come back from the log.
 */
export class Tenure {
  readonly #stream: Pick<Stream, 'appendDecision'>;
  readonly #shard: Shard;
  #basis: number;
  #lastDecision: number;
  #lastOpened: number;
  #decidedAt = 0;
  #epoch: number | undefined;
  #folded: (() => void) | undefined;

  constructor(stream: Pick<Stream, 'appendDecision'>, shard: Shard, mark?: DeskMark) {
    this.#stream = stream;
    this.#shard = shard;
    this.#basis = mark?.basis ?? 0;
    this.#lastDecision = mark?.lastDecision ?? 0;
    this.#lastOpened = mark?.lastOpened ?? 0;
  }

  get mark(): DeskMark {
    return {
      basis: this.#basis,
      lastDecision: this.#lastDecision,
      lastOpened: this.#lastOpened,
    };
  }

  /** Sequence of the newest message of the shard that is folded. */
  get basis(): number {
    return this.#basis;
  }

  /** Log time of the newest decision. */
  get decidedAt(): number {
    return this.#decidedAt;
  }

  /** The shard was taken over by us; another may have done so since. */
  get hasBegun(): boolean {
    return this.#epoch !== undefined;
  }

  /** Sequence at which another took the shard over from us. */
  get overtakenAt(): number | undefined {
    const isOver = this.#epoch !== undefined && this.#lastOpened > this.#epoch;
    return isOver ? this.#lastOpened : undefined;
  }

  /** Takes in a message of the shard, newer than the basis. */
  fold({ sequence, at, family, records }: Message): void {
    if (records.some(({ type }) => type === 'opened')) this.#lastOpened = sequence;
    this.#basis = sequence;
    if (family !== 'decision') return;
    this.#lastDecision = sequence;
    this.#decidedAt = at;
    // Whoever waits for its record to come back must not go on with a shard that is another's.
    if (this.overtakenAt === undefined) this.#folded?.();
  }

  /** Takes the shard over; resolves when our own record has been folded. */
  async begin(opened: Opened): Promise<void> {
    for (;;) {
      const answer = await this.#store(opened);
      await this.#foldedUpTo(answer.stored ? answer.sequence : answer.last);
      if (!answer.stored) continue;
      this.#epoch = answer.sequence;
      return;
    }
  }

  /** Writes a decision down; once it is stored, resolves when it has been folded. */
  async append(record: Decision): Promise<Stored | Overtaken> {
    const answer = await this.#store(record);
    if (answer.stored) await this.#foldedUpTo(answer.sequence);
    return answer;
  }

  #store(record: Decision): Promise<Stored | Overtaken> {
    return this.#stream.appendDecision(this.#shard, record, this.#lastDecision);
  }

  async #foldedUpTo(sequence: number): Promise<void> {
    while (this.#lastDecision < sequence) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#folded = resolve;
      await promise;
    }
  }
}
