import type { JetStreamManager, StreamInfo } from 'nats';
import { systemClock } from '#shared/process/clock.ts';
import { storedMessage } from './ask.ts';
import { hashOf } from './frame.ts';
import { LineageError } from './lineage.ts';
import type { LogIdentity } from './log.ts';
import { streamInfo } from './verify.ts';

/** The newest message that this process knows to be in the log. */
type Known = {
  readonly sequence: number;
  readonly hash: () => string;
  readonly seenMs: number;
};

/** Nothing ages out of the log so soon. */
const staysForMs = 24 * 60 * 60 * 1_000;

/**
 * Remembers what a process has seen of its log, and proves on demand that it is still the same one. A
 * broker that was given another store, or an older copy of it, answers as if nothing had happened: it
 * only no longer holds what it once held.
 */
export class Witness {
  readonly #manager: JetStreamManager;
  readonly #identity: LogIdentity;
  #known: Known | undefined;
  #proven: Known | undefined;

  constructor(manager: JetStreamManager, identity: LogIdentity) {
    this.#manager = manager;
    this.#identity = identity;
  }

  /** Sequence of the newest message known. */
  get sequence(): number {
    return this.#known?.sequence ?? 0;
  }

  /** A message was read from the log. */
  read(sequence: number, hash: string): void {
    this.#know(sequence, () => hash);
  }

  /**
   * A message of ours was stored. The broker counts on for ever, so a sequence that was known before the
   * message was sent is another log's; then this throws LineageError.
   */
  stored(sequence: number, sent: { readonly after: number; readonly payload: Uint8Array }): void {
    if (sequence <= sent.after) throw this.#broken('counts anew');
    this.#know(sequence, () => hashOf(sent.payload));
  }

  /**
   * Throws LineageError when the log is another one, was set back, or was emptied; otherwise answers what
   * the broker says of it.
   */
  async check(): Promise<StreamInfo> {
    const { stream, createdAt } = this.#identity;
    const known = this.#known;
    const info = await streamInfo(this.#manager, stream);
    if (info === undefined) throw this.#broken('is gone');
    if (info.created !== createdAt) throw this.#broken('was made anew');
    const { first_seq: first, last_seq: last } = info.state;
    if (known === undefined) return this.#remember(info);
    if (last < known.sequence) throw this.#broken('was set back');
    if (known === this.#proven) return this.#remember(info);
    if (known.sequence < first) {
      const sinceMs = systemClock.monotonicMs() - known.seenMs;
      if (sinceMs < staysForMs) throw this.#broken('was emptied');
      return this.#remember(info);
    }
    const found = await storedMessage(this.#manager, stream, { seq: known.sequence });
    // Undefined: it went between the two questions.
    if (found !== undefined && hashOf(found.data) !== known.hash())
      throw this.#broken('was set back');
    this.#proven = known;
    return this.#remember(info);
  }

  /** Those who read nothing know their own messages alone, and would not miss the others'. */
  async #remember(info: StreamInfo): Promise<StreamInfo> {
    const { last_seq: seq } = info.state;
    if (seq <= this.sequence) return info;
    const found = await storedMessage(this.#manager, this.#identity.stream, { seq });
    if (found === undefined) return info;
    const hash = hashOf(found.data);
    this.#know(seq, () => hash);
    return info;
  }

  #know(sequence: number, hash: () => string): void {
    if (sequence <= this.sequence) return;
    this.#known = { sequence, hash, seenMs: systemClock.monotonicMs() };
  }

  #broken(how: string): LineageError {
    const { stream, lineage } = this.#identity;
    return new LineageError(
      `the stream ${stream} ${how}: it is not the log of lineage ${lineage} up to ${this.sequence} any more; a start anew goes on with what is there`,
    );
  }
}
