import type { Family, Shard } from '#shared/contract/ids.ts';
import { encodeFrame, encodeRecord, hashOf } from './frame.ts';
import { createLanes } from './lanes.ts';
import { identify } from './lineage.ts';
import type { LogIdentity, Message, ReadFrom } from './log.ts';
import { createMemoryLeases, createMemoryPositions } from './memory-beside.ts';
import { createMemorySnapshots } from './memory-snapshots.ts';
import type { MemorySnapshots } from './memory-snapshots.ts';
import { toMessage } from './message.ts';
import type { RawMessage } from './message.ts';
import type { Leases, Positions } from './position.ts';
import type { Stream } from './stream.ts';
import { subjectOf } from './subjects.ts';
import { swap } from './swap.ts';
import type { Try } from './swap.ts';

export type MemoryBrokerOptions = {
  /** Log time, milliseconds since 1970. */
  readonly now: () => number;
  /** Waited for on the way to the broker and on the way back; at once when absent. */
  readonly travel?: () => Promise<void>;
  readonly stream?: string;
  /** What an earlier broker kept beside its log; nothing when absent. */
  readonly snapshots?: MemorySnapshots;
};

/** One connection: until when it is open, and the turn of the log in which it was opened. */
type Wire = { readonly closed: AbortSignal; readonly turn: number };

type Attempt = {
  readonly subject: string;
  readonly payload: Buffer;
  readonly expected: number;
};

/**
 * A broker in memory, for tests and simulation: what it does is decided by the calls and the clock
 * alone. Frames, compare-and-swap and reading are the production code's; only the storing is not.
 */
export class MemoryBroker {
  readonly snapshots: MemorySnapshots;
  readonly #now: () => number;
  readonly #travel: () => Promise<void>;
  readonly #messages: RawMessage[] = [];
  readonly #lastOf = new Map<string, number>();
  readonly #stream: string;
  readonly #positions: Positions = createMemoryPositions();
  readonly #leases: Leases = createMemoryLeases();
  readonly #waiting = new Set<() => void>();
  #identity: LogIdentity;
  #turn = 0;
  #first = 1;
  #answersToLose = 0;
  #requestsToLose = 0;

  constructor(options: MemoryBrokerOptions) {
    this.#now = options.now;
    this.snapshots = options.snapshots ?? createMemorySnapshots();
    this.#travel = options.travel ?? (() => Promise.resolve());
    this.#stream = options.stream ?? 'ROLLCALL_memory';
    this.#identity = this.#identify();
  }

  get identity(): LogIdentity {
    return this.#identity;
  }

  /** Rises whenever the log becomes another one; a connection is of use in the turn of its opening. */
  get turn(): number {
    return this.#turn;
  }

  /** One process's connection; disposing it is that process's end. */
  open(): Stream {
    const closed = new AbortController();
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    const wire = { closed: closed.signal, turn: this.#turn };
    const lanes = createLanes((subject, payload) => this.#store(subject, payload, wire));
    return {
      identity: this.identity,
      positions: this.#positions,
      leases: this.#leases,
      snapshots: this.snapshots,
      lost: lost.promise,
      condition: () => ({ last: this.#messages.length, share: 0 }),
      append: async (shard, family, record) =>
        lanes.append(subjectOf({ shard, family }), encodeRecord(record)),
      appendDecision: async (shard, decision, expected) => {
        const subject = subjectOf({ shard, family: 'decision' });
        const payload = encodeFrame([encodeRecord(decision)]);
        return swap({
          expected,
          hash: hashOf(payload),
          attempt: (expect) => this.#try({ subject, payload, expected: expect }, wire),
          readLast: async () => this.#lastMessage(shard, 'decision'),
        });
      },
      bounds: async () => ({ first: this.#first, last: this.#messages.length }),
      at: async (sequence) => this.#message(sequence),
      last: async (shard, family) => this.#lastMessage(shard, family),
      read: (from, signal) => this.#read(from, AbortSignal.any([signal, closed.signal])),
      async [Symbol.asyncDispose]() {
        const error = new Error('the log was closed');
        closed.abort(error);
        lost.reject(error);
      },
    };
  }

  /** Lies in the stream as it is, whatever it is. */
  put(subject: string, data: Uint8Array): number {
    const sequence = this.#messages.length + 1;
    this.#messages.push({ subject, data, sequence, at: this.#now() });
    this.#lastOf.set(subject, sequence);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return sequence;
  }

  /** Forgets the oldest messages, up to and with a sequence. */
  ageOut(through: number): void {
    this.#first = Math.max(this.#first, Math.min(through, this.#messages.length) + 1);
  }

  /** As after the restore of an older copy: what came after a sequence has never been. */
  setBack(to: number): void {
    this.#turn += 1;
    this.#messages.length = Math.min(to, this.#messages.length);
    this.#lastOf.clear();
    for (const { subject, sequence } of this.#messages) this.#lastOf.set(subject, sequence);
  }

  /** As after somebody has deleted the stream and made it again. */
  makeAnew(): void {
    this.setBack(0);
    this.#first = 1;
    this.#identity = this.#identify();
  }

  /** Stores the next payloads and says nothing. */
  loseAnswers(count: number): void {
    this.#answersToLose += count;
  }

  /** Neither stores the next payloads nor says anything. */
  loseRequests(count: number): void {
    this.#requestsToLose += count;
  }

  #identify(): LogIdentity {
    return identify(this.#stream, new Date(this.#now()).toISOString());
  }

  async #store(subject: string, payload: Buffer, wire: Wire): Promise<number> {
    for (;;) {
      const sequence = await this.#publish(() => this.put(subject, payload), wire);
      if (sequence !== undefined) return sequence;
    }
  }

  async #try({ subject, payload, expected }: Attempt, wire: Wire): Promise<Try> {
    const answer = await this.#publish((): Try => {
      const last = this.#lastSequence(subject);
      if (last !== expected) return { kind: 'wrong-sequence' };
      return { kind: 'stored', sequence: this.put(subject, payload) };
    }, wire);
    return answer ?? { kind: 'unclear' };
  }

  /** Undefined when the answer was lost; nothing ever when the log has become another one. */
  async #publish<Answer>(act: () => Answer, wire: Wire): Promise<Answer | undefined> {
    const { closed } = wire;
    closed.throwIfAborted();
    await this.#travel();
    if (wire.turn !== this.#turn) return new Promise(() => undefined);
    if (this.#requestsToLose > 0) {
      this.#requestsToLose -= 1;
      await this.#travel();
      closed.throwIfAborted();
      return undefined;
    }
    const answer = act();
    const isLost = this.#answersToLose > 0;
    if (isLost) this.#answersToLose -= 1;
    await this.#travel();
    closed.throwIfAborted();
    return isLost ? undefined : answer;
  }

  #lastSequence(subject: string): number {
    const sequence = this.#lastOf.get(subject) ?? 0;
    return sequence < this.#first ? 0 : sequence;
  }

  #lastMessage(shard: Shard, family: Family): Message | undefined {
    return this.#message(this.#lastSequence(subjectOf({ shard, family })));
  }

  #message(sequence: number): Message | undefined {
    const raw = sequence < this.#first ? undefined : this.#messages[sequence - 1];
    return raw && toMessage(raw);
  }

  async *#read(from: ReadFrom, signal: AbortSignal): AsyncGenerator<Message> {
    for (let next = from.after + 1; !signal.aborted;) {
      next = Math.max(next, this.#first);
      if (next > this.#messages.length) {
        await this.#arrival(signal);
        continue;
      }
      const message = this.#message(next);
      next += 1;
      if (message === undefined) continue;
      if (from.families === undefined || from.families.includes(message.family)) yield message;
    }
  }

  #arrival(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    return promise;
  }
}
