import type { Family, Shard } from '#shared/contract/ids.ts';
import type { Decision, LogRecord } from '#shared/contract/records.ts';

/**
 * The log: one stream for one cluster, whose sequence is the only order there is. This is the port;
 * NATS JetStream stands behind it in production, an array in memory in simulation, and the same
 * contract tests hold for both.
 */
export interface Log extends AsyncDisposable {
  readonly identity: LogIdentity;

  /**
   * Stores a fact, an outcome or an intake. Records for one subject that arrive while a publish is in flight
   * travel in one frame (at most 64, 256 KB); an idle subject publishes at once. Repeats until the
   * broker has said yes, so the record is stored at least once, in the order of the calls.
   */
  append(shard: Shard, family: Exclude<Family, 'decision'>, record: LogRecord): Promise<Stored>;

  /**
   * Stores one decision by compare-and-swap on the shard's decision subject. `expected` is the
   * sequence of the last decision there, 0 for none. An unclear answer is settled by reading.
   */
  appendDecision(shard: Shard, decision: Decision, expected: number): Promise<Stored | Overtaken>;

  /** First and last sequence now in the stream; `last` is 0 when nothing was ever stored. */
  bounds(): Promise<Bounds>;

  /** The message at a sequence, or undefined when it has aged out. */
  at(sequence: number): Promise<Message | undefined>;

  /** The newest message of one subject. */
  last(shard: Shard, family: Family): Promise<Message | undefined>;

  /** Every message after a sequence, in order, then waits for more until the signal aborts. */
  read(from: ReadFrom, signal: AbortSignal): AsyncIterable<Message>;

  /** Rejects when the connection is lost for good. */
  readonly lost: Promise<never>;
}

export type LogIdentity = {
  readonly stream: string;
  /** RFC 3339 time at which the broker made the stream. */
  readonly createdAt: string;
  /** 8 hex digits, from stream name and creation time: another stream is another lineage. */
  readonly lineage: string;
};

export type Stored = { readonly stored: true; readonly sequence: number };

/** Someone else has written to the decision subject; `last` is the sequence found there. */
export type Overtaken = { readonly stored: false; readonly last: number };

export type Bounds = { readonly first: number; readonly last: number };

export type ReadFrom = {
  readonly after: number;
  /** All families when absent. */
  readonly families?: readonly Family[];
};

export type Message = {
  readonly sequence: number;
  /** Log time: the broker's timestamp, milliseconds since 1970. */
  readonly at: number;
  readonly shard: Shard;
  readonly family: Family;
  readonly records: readonly LogRecord[];
  /** Records of this message that could not be read. */
  readonly poison: readonly Poison[];
  /** sha256 of the payload, hex: recognises this message after a restore. */
  readonly hash: string;
  /** The span in which it was stored, for traces alone: nothing may be decided by it. */
  readonly trace?: string;
};

export type Poison = {
  /** Place in the frame; absent when the frame itself is broken. */
  readonly index?: number;
  /** Namespace that the record names, if that much could be read. */
  readonly namespace?: string;
  readonly problem: string;
};
