import type { Logger } from '#shared/process/logger.ts';
import type { Clock } from '#shared/process/clock.ts';
import { checkPosition } from '#shared/stream/lineage.ts';
import type { Log } from '#shared/stream/log.ts';
import type { Position } from '#shared/stream/position.ts';

/** How far the recorder has come, as the executor may read it. */
export type ReadRecorderPosition = () => Promise<Position | undefined>;

export type BookGateParts = {
  /** The log that the commands come from. */
  readonly stream: Pick<Log, 'identity' | 'bounds' | 'at'>;
  readonly read: ReadRecorderPosition;
  /** Why the log might not take an outcome now; never so when absent. */
  readonly strain?: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
};

const pollMs = 5;
const awayMs = 500;
/** A book that is so far behind is a reason for somebody to look. */
const longMs = 30_000;

/**
 * No record, no destruction: a destructive command may start only when the recorder has written its
 * decision into the book, and while the log has room for what comes of it. While Postgres is away or the
 * log is nearly full this waits, and says so once.
 *
 * A log that was emptied or set back keeps its lineage. Until a recorder has looked, the book stands at a
 * place of the log that was, so each position is believed only once the log is seen to have it.
 */
export class BookGate {
  readonly #parts: BookGateParts;
  #reached = -1;
  #polling: Promise<void> | undefined;
  #closedBecause: string | undefined;
  #waiting = 0;
  #waitingSince = 0;

  constructor(parts: BookGateParts) {
    this.#parts = parts;
  }

  /** Resolves when the book holds everything up to `sequence`; rejects when the signal aborts. */
  async passed(sequence: number, signal: AbortSignal): Promise<void> {
    if (this.#isOpenFor(sequence)) return;
    if (this.#waiting === 0) this.#waitingSince = this.#parts.clock.monotonicMs();
    this.#waiting += 1;
    try {
      while (!this.#isOpenFor(sequence)) {
        signal.throwIfAborted();
        this.#polling ??= this.#poll(signal).finally(() => {
          this.#polling = undefined;
        });
        await this.#polling;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Commands that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How long some command has been waiting without a break; 0 while none waits. */
  get waitedMs(): number {
    return this.#waiting === 0 ? 0 : this.#parts.clock.monotonicMs() - this.#waitingSince;
  }

  /** Why destruction waits, once it has for long. */
  get trouble(): string | undefined {
    if (this.#waiting === 0) return undefined;
    if (this.#closedBecause === undefined && this.waitedMs < longMs) return undefined;
    const because = this.#closedBecause ?? 'the book is far behind';
    return `${this.#waiting} destructive commands wait: ${because}`;
  }

  #isOpenFor(sequence: number): boolean {
    return this.#reached >= sequence && this.#parts.strain?.() === undefined;
  }

  /** One read for all who wait. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, log, read } = this.#parts;
    try {
      const because = (await this.#advance(await read())) ?? this.#parts.strain?.();
      if (because !== undefined) this.#close(because);
      else if (this.#closedBecause !== undefined) {
        this.#closedBecause = undefined;
        log.info('destruction goes on');
      }
      await clock.sleep(because === undefined ? pollMs : awayMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#close('the book cannot be read', error);
      await clock.sleep(awayMs, signal);
    }
  }

  /** Takes in how far the book has come; why that is not believed, where it is not. */
  async #advance(position: Position | undefined): Promise<string | undefined> {
    if (position === undefined) return undefined;
    const { stream } = this.#parts;
    const isKnown =
      position.lineage === stream.identity.lineage && position.sequence <= this.#reached;
    if (isKnown) return undefined;
    const check = await checkPosition(stream, position);
    if (check === 'broken') return 'the book does not know yet that the log is another one';
    this.#reached = Math.max(this.#reached, position.sequence);
    return undefined;
  }

  #close(because: string, error?: unknown): void {
    if (this.#closedBecause === undefined) {
      const cause = error === undefined ? {} : { err: error };
      this.#parts.log.warn({ because, ...cause }, 'destruction waits');
    }
    this.#closedBecause = because;
  }
}
