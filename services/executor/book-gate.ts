import type { Logger } from '#shared/process/logger.ts';
import type { Clock } from '#shared/process/clock.ts';

/** How far the recorder has come, as the executor may read it. */
export type ReadRecorderPosition = () => Promise<
  { readonly lineage: string; readonly sequence: number } | undefined
>;

export type BookGateParts = {
  readonly lineage: string;
  readonly read: ReadRecorderPosition;
  readonly clock: Clock;
  readonly log: Logger;
};

const pollMs = 5;
const awayMs = 500;

/**
 * No record, no destruction: a destructive command may start only when the recorder has written its
 * decision into the book. While Postgres is away this waits, and says so once.
 */
export class BookGate {
  readonly #parts: BookGateParts;
  #reached = -1;
  #polling: Promise<void> | undefined;
  #away = false;

  constructor(parts: BookGateParts) {
    this.#parts = parts;
  }

  /** Resolves when the book holds everything up to `sequence`; rejects when the signal aborts. */
  async passed(sequence: number, signal: AbortSignal): Promise<void> {
    while (this.#reached < sequence) {
      signal.throwIfAborted();
      this.#polling ??= this.#poll(signal).finally(() => {
        this.#polling = undefined;
      });
      await this.#polling;
    }
  }

  /** One read for all who wait. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, lineage, log, read } = this.#parts;
    try {
      const position = await read();
      if (position?.lineage === lineage) this.#reached = Math.max(this.#reached, position.sequence);
      if (this.#away) log.info('the book can be read again');
      this.#away = false;
      await clock.sleep(pollMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#away) log.warn({ err: error }, 'the book cannot be read, destruction waits');
      this.#away = true;
      await clock.sleep(awayMs, signal);
    }
  }
}
