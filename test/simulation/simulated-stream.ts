import type { LogRecord } from '#shared/contract/records.ts';
import type { Message, ReadFrom } from '#shared/stream/log.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { Faults } from './faults.ts';
import type { SimulatedLeases } from './simulated-leases.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tape } from './tape.ts';

export type StreamParts = {
  readonly broker: MemoryBroker;
  readonly tape: Tape;
  readonly leases: SimulatedLeases;
  readonly faults: Faults;
};

/** One process's connection to the log: it loses processes around appends, and reads late. */
export function simulatedStream(parts: StreamParts, process: SimulatedProcess): Stream {
  const { broker, faults, leases } = parts;
  const inner = broker.open();
  const random = process.random.fork('stream');
  process.onEnd(() => void inner[Symbol.asyncDispose]());
  const retell = createRetelling(faults, process, (shard, record) => {
    void inner.append(shard, 'fact', record).catch(() => undefined);
  });

  return {
    identity: inner.identity,
    lost: new Promise<never>(() => undefined),
    leases: leases.of(process),
    positions: {
      load: (reader) => process.whileAlive(inner.positions.load(reader)),
      save: (reader, position) => process.whileAlive(inner.positions.save(reader, position)),
    },
    snapshots: {
      find: (shard) => process.whileAlive(inner.snapshots.find(shard)),
      read: (shard, head) => process.whileAlive(inner.snapshots.read(shard, head)),
      save: (shard, snapshot) => process.whileAlive(inner.snapshots.save(shard, snapshot)),
      move: (shard, head, position) =>
        process.whileAlive(inner.snapshots.move(shard, head, position)),
    },
    append(shard, family, record) {
      const isFact = family === 'fact';
      const crash = isFact ? 'watcher crashes' : 'executor crashes before an outcome is stored';
      if (process.alive && faults.strikes(crash, random, process.name)) process.end();
      if (!process.alive) return never();
      const stored = process.whileAlive(inner.append(shard, family, record));
      if (isFact) retell(shard, record);
      return stored;
    },
    async appendDecision(shard, decision, expected) {
      if (process.alive && strikes('reconciler crashes before an append')) process.end();
      if (!process.alive) return never();
      const answer = await process.whileAlive(inner.appendDecision(shard, decision, expected));
      if (!strikes('reconciler crashes after an append')) return answer;
      process.end();
      return never();
    },
    bounds: () => process.whileAlive(inner.bounds()),
    at: (sequence) => process.whileAlive(inner.at(sequence)),
    last: (shard, family) => process.whileAlive(inner.last(shard, family)),
    read: (from, signal) => read(parts, process, { from, signal }),
    async [Symbol.asyncDispose]() {},
  };

  function strikes(fault: Parameters<Faults['strikes']>[0]): boolean {
    return faults.strikes(fault, random, process.name);
  }
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
  let arrivedUpTo = 0;
  for (let next = from.after + 1; !signal.aborted; next += 1) {
    if (tape.last < next) await Promise.race([tape.arrived(next), aborted]);
    if (next > arrivedUpTo) {
      const isLate = faults.strikes('reader late', random, process.name);
      await process.sleep(isLate ? random.between(500, 8_000) : random.between(0, 6));
      arrivedUpTo = tape.last;
    }
    if (!process.alive) await never();
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
