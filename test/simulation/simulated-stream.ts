import type { LogRecord } from '#shared/contract/records.ts';
import type { Message, ReadFrom } from '#shared/stream/log.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { Faults } from './faults.ts';
import type { Sieve } from './sieve.ts';
import type { SimulatedLeases } from './simulated-leases.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tape } from './tape.ts';

export type StreamParts = {
  readonly broker: MemoryBroker;
  readonly tape: Tape;
  readonly leases: SimulatedLeases;
  readonly faults: Faults;
  /** Interferes with one append. */
  readonly sieve: Sieve | undefined;
};

/** One process's connection to the log: it loses processes around appends, and reads late. */
export function simulatedStream(parts: StreamParts, process: SimulatedProcess): Stream {
  const { broker, faults, leases, sieve } = parts;
  const inner = broker.open();
  const still = <T>(answer: Promise<T>) => process.whileAlive(sameLog(broker, answer));
  const { turn } = broker;
  const save = <T>(act: () => Promise<T>) => (broker.turn === turn ? still(act()) : never<T>());
  const random = process.random.fork('stream');
  process.onEnd(() => void inner[Symbol.asyncDispose]());
  const retell = createRetelling(faults, process, (shard, record) => {
    void inner.append(shard, 'fact', record).catch(() => undefined);
  });

  return {
    identity: inner.identity,
    lost: new Promise<never>(() => undefined),
    condition: () => inner.condition(),
    leases: leases.of(process),
    positions: {
      load: (reader) => still(inner.positions.load(reader)),
      save: (reader, position) => save(() => inner.positions.save(reader, position)),
    },
    snapshots: {
      find: (shard) => still(inner.snapshots.find(shard)),
      read: (shard, head) => still(inner.snapshots.read(shard, head)),
      save: (shard, snapshot) => save(() => inner.snapshots.save(shard, snapshot)),
      move: (shard, head, position) => save(() => inner.snapshots.move(shard, head, position)),
    },
    append(shard, family, record) {
      const isFact = family === 'fact';
      const fault = isFact ? 'watcher crashes' : 'executor crashes before an outcome is stored';
      if (process.alive && faults.strikes(fault, random, process.name)) process.end();
      const crash = process.alive ? sieve?.crashAtAppend(shard, record) : undefined;
      if (crash === 'before') process.end();
      if (!process.alive) return never();
      const stored =
        crash === 'after'
          ? lastWords(inner.append(shard, family, record))
          : still(inner.append(shard, family, record));
      if (isFact) retell(shard, record);
      return stored;
    },
    async appendDecision(shard, decision, expected) {
      if (process.alive && strikes('reconciler crashes before an append')) process.end();
      const crash = process.alive ? sieve?.crashAtAppend(shard, decision) : undefined;
      if (crash === 'before') process.end();
      if (!process.alive) return never();
      if (crash === 'after') {
        return lastWords(inner.appendDecision(shard, decision, expected));
      }
      const answer = await still(inner.appendDecision(shard, decision, expected));
      if (!strikes('reconciler crashes after an append')) return answer;
      process.end();
      return never();
    },
    bounds: () => still(inner.bounds()),
    at: (sequence) => still(inner.at(sequence)),
    last: (shard, family) => still(inner.last(shard, family)),
    read: (from, signal) => read(parts, process, { from, signal }),
    async [Symbol.asyncDispose]() {},
  };

  /** The broker has it; its sender does not live to hear of it. */
  async function lastWords<T>(stored: Promise<T>): Promise<T> {
    await stored;
    process.end();
    return never();
  }

  function strikes(fault: Parameters<Faults['strikes']>[0]): boolean {
    return faults.strikes(fault, random, process.name);
  }
}

/** A connection to a log that has become another one says nothing more until its process has noticed. */
async function sameLog<T>(broker: MemoryBroker, answer: Promise<T>): Promise<T> {
  const { turn } = broker;
  const value = await answer;
  return broker.turn === turn ? value : never();
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** Everything that has arrived by the end of a wait is read at once. */
async function* read(
  { tape, faults }: StreamParts,
  process: SimulatedProcess,
  { from, signal }: { readonly from: ReadFrom; readonly signal: AbortSignal },
): AsyncGenerator<Message> {
  const random = process.random.fork('reading');
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const { turn } = tape;
  let arrivedUpTo = 0;
  for (let next = from.after + 1; !signal.aborted; next += 1) {
    if (tape.last < next) await Promise.race([tape.arrived(next), aborted]);
    if (next > arrivedUpTo) {
      const isLate = faults.strikes('reader late', random, process.name);
      await process.sleep(isLate ? random.between(500, 8_000) : random.between(0, 6));
      arrivedUpTo = tape.last;
    }
    if (!process.alive || tape.turn !== turn) await never();
    if (signal.aborted) return;
    const message = tape.at(next);
    if (message === undefined) throw new Error(`there is no message ${next}`);
    if (from.families === undefined || from.families.includes(message.family)) yield message;
  }
}

/** Tells facts once more a little later, and sometimes an old one after newer ones of the same object. */
function createRetelling(
  faults: Faults,
  process: SimulatedProcess,
  tell: (shard: Shard, record: Extract<LogRecord, { type: 'observed' | 'vanished' }>) => void,
): (shard: Shard, record: LogRecord) => void {
  const random = process.random.fork('retelling');
  return (shard, record) => {
    if (record.type !== 'observed' && record.type !== 'vanished') return;
    if (record.type === 'observed' && record.survey !== undefined) return;
    if (faults.strikes('fact told twice', random, process.name)) {
      process.after(random.between(0, 5), () => tell(shard, record));
    }
    if (faults.strikes('old fact told again', random, process.name)) {
      process.after(random.between(100, 2_000), () => tell(shard, record));
    }
  };
}
