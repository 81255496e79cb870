import type { Message } from '#shared/stream/log.ts';
import type { ReadRecorderPosition } from '../../services/executor/book-gate.ts';
import { foldMessage } from '../../services/recorder/fold-message.ts';
import type { Entry } from '../../services/recorder/rows.ts';
import { emptyState } from '../../services/recorder/state.ts';
import type { BookState } from '../../services/recorder/state.ts';
import type { Faults } from './faults.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tape } from './tape.ts';

/**
 * What a transaction has made durable, and the fold that belongs to it. The recorder's shell speaks SQL,
 * so here its pure fold is driven in its place: read, fold, commit, and after a crash load again.
 */
export class Book {
  readonly lineage: string;
  readonly entries: Entry[] = [];
  position = 0;
  state: BookState = emptyState();
  isAway = false;

  constructor(lineage: string) {
    this.lineage = lineage;
  }

  /** Folds a batch and makes it durable at once: nothing is seen of a transaction half done. */
  commit(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.sequence !== this.position + 1) throw new Error('the book would have a gap');
      this.entries.push(...foldMessage(this.state, this.lineage, message).entries);
      this.position = message.sequence;
    }
  }

  /** What a session finds that loads the state from the rows. */
  load(tape: Tape): void {
    const state = emptyState();
    for (let at = 1; at <= this.position; at += 1) {
      const message = tape.at(at);
      if (message !== undefined) foldMessage(state, this.lineage, message);
    }
    this.state = state;
  }

  /** The executor's one row. */
  reading(process: SimulatedProcess): ReadRecorderPosition {
    return async () => {
      await process.sleep(process.random.between(0, 3));
      if (this.isAway) throw new Error('the database is away');
      return { lineage: this.lineage, sequence: this.position };
    };
  }
}

export type RecorderParts = {
  readonly tape: Tape;
  readonly book: Book;
  readonly faults: Faults;
};

export async function runRecorder(
  { tape, book, faults }: RecorderParts,
  process: SimulatedProcess,
): Promise<void> {
  const random = process.random.fork('recorder');
  book.load(tape);
  while (process.alive) {
    await process.whileAlive(tape.arrived(book.position + 1));
    // The time that reading and folding take, and then the commit.
    await process.sleep(random.between(0, 8));
    if (book.isAway) {
      await process.sleep(200);
      continue;
    }
    const batch: Message[] = [];
    const most = book.position + random.between(1, 40);
    for (let at = book.position + 1; at <= Math.min(tape.last, most); at += 1) {
      const message = tape.at(at);
      if (message !== undefined) batch.push(message);
    }
    const crashes = faults.strikes('recorder crashes', random, process.name);
    // A crash loses the transaction, or only the answer to it.
    if (!crashes || random.chance(0.5)) book.commit(batch);
    if (crashes) process.end();
    await process.sleep(random.between(0, 3));
  }
}
