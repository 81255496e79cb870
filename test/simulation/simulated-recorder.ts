import { shardSchema } from '#shared/contract/ids.ts';
import type { Message } from '#shared/stream/log.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { ReadRecorderPosition } from '../../services/executor/book-gate.ts';
import { foldLineageBreak } from '../../services/recorder/fold.ts';
import { foldMessage } from '../../services/recorder/fold-message.ts';
import type { Entry } from '../../services/recorder/rows.ts';
import { emptyState } from '../../services/recorder/state.ts';
import type { BookState } from '../../services/recorder/state.ts';
import { followSurveys } from '../../services/recorder/surveys.ts';
import type { Faults } from './faults.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tape } from './tape.ts';

type Told = { readonly turns: ReadonlySet<number>; readonly sequence: number };
type Where = { readonly lineage: string; readonly sequence: number };

/**
 * What a transaction has made durable, and the fold that belongs to it. The recorder's shell speaks SQL,
 * so here its pure fold is driven in its place: read, fold, commit, and after a crash load again.
 */
export class Book {
  readonly entries: Entry[] = [];
  position = 0;
  state: BookState = emptyState();
  isAway = false;
  /** How often the log has become another one. */
  turn = 0;
  /** The log with which the last session began. */
  settledTurn = 0;
  /** Everything that was ever durable: sequences of each log, by turn and sequence, and uids of disks. */
  readonly #told = new Set<string>();
  readonly #listed = new Set<string>();
  /** Messages of earlier turns that have left entries, by lineage, sequence and log time. */
  readonly #recorded = new Set<string>();
  #lineage: string;
  #hash = '';

  constructor(lineage: string) {
    this.#lineage = lineage;
  }

  get lineage(): string {
    return this.#lineage;
  }

  /** Folds a batch and makes it durable at once: nothing is seen of a transaction half done. */
  commit(messages: readonly Message[], turn: number): void {
    for (const message of messages) {
      if (message.sequence !== this.position + 1) throw new Error('the book would have a gap');
      this.#fold(message);
      this.position = message.sequence;
      this.#hash = message.hash;
      this.#told.add(`${turn}/${message.sequence}`);
    }
    const { volumes, volumeKeys } = this.state;
    for (const uid of [...volumes.keys(), ...volumeKeys.keys()]) this.#listed.add(uid);
  }

  /** A message was in the book as part of one of these logs, whatever has been lost of either since. */
  hasTold({ turns, sequence }: Told): boolean {
    return [...turns].some((turn) => this.#told.has(`${turn}/${sequence}`));
  }

  /** A row of a disk has had this uid, of its claim or of its DataVolume. */
  hasListed(uid: string): boolean {
    return this.#listed.has(uid);
  }

  /** What a session settles first: whether the log is still the one that was read. */
  settleLineage({ identity }: MemoryBroker, tape: Tape, now: number): void {
    this.settledTurn = tape.turn;
    if (this.position === 0 && this.turn === 0) return;
    const { lineage } = identity;
    const isSame =
      lineage === this.#lineage &&
      (this.position === 0 || tape.at(this.position)?.hash === this.#hash);
    if (isSame) return;
    for (const { streamSequence, at } of this.entries) {
      this.#recorded.add(keyOf(this.#lineage, { sequence: streamSequence, at }));
    }
    const old: Where = { lineage: this.#lineage, sequence: this.position };
    const arrival = { lineage, sequence: 0, at: now, shard: shardSchema.parse('cl'), part: 0 };
    this.entries.push(...foldLineageBreak(this.state, arrival, old).entries);
    this.#lineage = lineage;
    this.position = 0;
    this.turn += 1;
  }

  /** As after a fail-over to a copy that lagged behind: what was committed last has never been. */
  loseTail(tape: Tape, count: number): void {
    const left = Math.max(0, this.position - count);
    const kept = tape.messages.slice(0, left);
    this.entries.length = 0;
    this.state = emptyState();
    this.position = 0;
    for (const message of kept) this.#fold(message);
    this.position = left;
    this.#hash = kept.at(-1)?.hash ?? '';
  }

  /** The executor's one row. */
  reading(process: SimulatedProcess): ReadRecorderPosition {
    return async () => {
      await process.sleep(process.random.between(0, 3));
      if (this.isAway) throw new Error('the database is away');
      const place = { lineage: this.#lineage, sequence: this.position };
      return this.position === 0 ? place : { ...place, hash: this.#hash };
    };
  }

  /** What was recorded under an earlier turn is passed over; its brackets are followed. */
  #fold(message: Message): void {
    if (this.#recorded.has(keyOf(this.#lineage, message))) {
      for (const record of message.records) followSurveys(this.state.surveys, message, record);
      return;
    }
    this.entries.push(...foldMessage(this.state, this.#lineage, message).entries);
  }
}

function keyOf(
  lineage: string,
  { sequence, at }: { readonly sequence: number; readonly at: number },
): string {
  return `${lineage}/${sequence}/${at}`;
}

export type RecorderParts = {
  readonly tape: Tape;
  readonly broker: MemoryBroker;
  readonly book: Book;
  readonly faults: Faults;
  readonly now: () => number;
};

export async function runRecorder(
  { tape, broker, book, faults, now }: RecorderParts,
  process: SimulatedProcess,
): Promise<void> {
  const random = process.random.fork('recorder');
  const { turn } = tape;
  let hasSettled = false;
  while (process.alive) {
    if (!hasSettled && !book.isAway) {
      book.settleLineage(broker, tape, now());
      hasSettled = true;
    }
    if (hasSettled) await process.whileAlive(tape.arrived(book.position + 1));
    // The time that reading and folding take, and then the commit.
    await process.sleep(random.between(0, 8));
    if (tape.turn !== turn) return new Promise(() => undefined);
    if (book.isAway) {
      await process.sleep(200);
      continue;
    }
    if (!hasSettled) continue;
    const batch: Message[] = [];
    const most = book.position + random.between(1, 40);
    for (let at = book.position + 1; at <= Math.min(tape.last, most); at += 1) {
      const message = tape.at(at);
      if (message !== undefined) batch.push(message);
    }
    const crashes = faults.strikes('recorder crashes', random, process.name);
    // A crash loses the transaction, or only the answer to it.
    if (!crashes || random.chance(0.5)) book.commit(batch, turn);
    if (crashes) process.end();
    await process.sleep(random.between(0, 3));
  }
}
