import type { Logger } from '#shared/process/logger.ts';
import type { Clock } from '#shared/process/clock.ts';

/** How far the recorder has come, as the executor may read it. */
export type ReadRecorderPosition = () => Promise<
  { readonly lineage: string; readonly sequence: number } | undefined
>;

export type BookGateParts = {
  readonly lineage: string;
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

  /** Why destruction waits, once it has for long. */
  get trouble(): string | undefined {
    if (this.#waiting === 0) return undefined;
    const waitedMs = this.#parts.clock.monotonicMs() - this.#waitingSince;
    if (this.#closedBecause === undefined && waitedMs < longMs) return undefined;
    const because = this.#closedBecause ?? 'the book is far behind';
    return `${this.#waiting} destructive commands wait: ${because}`;
  }

  #isOpenFor(sequence: number): boolean {
    return this.#reached >= sequence && this.#parts.strain?.() === undefined;
  }

  /** One read for all who wait. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, lineage, log, read, strain } = this.#parts;
    try {
      const position = await read();
      if (position?.lineage === lineage) this.#reached = Math.max(this.#reached, position.sequence);
      const because = strain?.();
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

  #close(because: string, error?: unknown): void {
    if (this.#closedBecause === undefined) {
      const cause = error === undefined ? {} : { err: error };
      this.#parts.log.warn({ because, ...cause }, 'destruction waits');
    }
    this.#closedBecause = because;
  }
}
