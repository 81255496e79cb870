import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { askEntries, askStanding } from '#shared/store/ask-book.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';
import type { Store } from '#shared/store/open-store.ts';

export type FeedParts = {
  readonly db: Store['db'];
  readonly clock: Clock;
  readonly log: Logger;
};

const lookEachMs = 300;
const pageSize = 500;

/**
 * New entries of the book, for any number of readers. The head is looked at once for all of them, and
 * not at all while there is none; each reads at its own pace, from wherever it stopped.
 */
export class ChangeFeed {
  readonly #parts: FeedParts;
  #readers = 0;
  #head = 0;
  #news = Promise.withResolvers<void>();
  #isLooking = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Sequence of the newest entry. */
  async head(): Promise<number> {
    return (await askStanding(this.#parts.db))?.chain_sequence ?? 0;
  }

  /** Pages of entries after one, as they come, until the signal aborts. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<readonly EntryInBook[]> {
    this.#readers += 1;
    try {
      for (let last = after; !signal.aborted;) {
        const page = await askEntries(this.#parts.db, { after: last, limit: pageSize });
        last = page.at(-1)?.sequence ?? last;
        if (page.length > 0) yield page;
        else await this.#laterThan(last, signal);
      }
    } finally {
      this.#readers -= 1;
    }
  }

  async #laterThan(sequence: number, signal: AbortSignal): Promise<void> {
    void this.#look();
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    while (this.#head <= sequence && !signal.aborted) {
      await Promise.race([this.#news.promise, aborted.promise]);
    }
    signal.removeEventListener('abort', abort);
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#readers > 0) {
      try {
        const head = await this.head();
        if (head > this.#head) this.#tell(head);
      } catch (error) {
        log.warn({ err: error }, 'the book does not tell its newest entry');
        await clock.sleep(5_000);
      }
      await clock.sleep(lookEachMs);
    }
    this.#isLooking = false;
  }

  #tell(head: number): void {
    this.#head = head;
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
