import { expect, test } from 'vitest';
import type { Clock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Position } from '#shared/stream/position.ts';
import { BookGate } from './book-gate.ts';
import type { ReadRecorderPosition } from './book-gate.ts';

const never = new AbortController().signal;

/** A clock whose sleeps take no time of ours. */
function quickClock(): Clock {
  let now = 0;
  return {
    monotonicMs: () => now,
    wallMs: () => now,
    async sleep(forMs, signal) {
      signal?.throwIfAborted();
      now += forMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

type Around = { readonly broker?: MemoryBroker; readonly strain?: () => string | undefined };

function aGate(read: ReadRecorderPosition, { broker = aLog(), strain }: Around = {}): BookGate {
  const parts = { stream: broker.open(), read, clock: quickClock(), log: silentLogger() };
  return new BookGate({ ...parts, ...(strain && { strain }) });
}

/** A log of 100 messages, each of which tells its place and the `copy` of the log that it stands in. */
function aLog(copy = 'first'): MemoryBroker {
  const broker = new MemoryBroker({ now: () => 0 });
  fill(broker, 100, copy);
  return broker;
}

function fill(broker: MemoryBroker, count: number, copy: string): void {
  for (let at = 1; at <= count; at += 1) {
    broker.put('rc.07.fact', Buffer.from(JSON.stringify({ v: 1, records: [`${copy} ${at}`] })));
  }
}

/** Where a book stands that has taken in everything up to a sequence. */
async function positionIn(broker: MemoryBroker, sequence: number): Promise<Position> {
  const { lineage } = broker.identity;
  const message = await broker.open().at(sequence);
  return message === undefined ? { lineage, sequence } : { lineage, sequence, hash: message.hash };
}

test('opens when the book has come far enough, and not for the position of another log', async () => {
  const broker = aLog();
  const five = await positionIn(broker, 5);
  const positions = [{ ...five, lineage: 'ffffffff' }, await positionIn(broker, 4), five];
  let reads = 0;
  const gate = aGate(async () => positions[reads++], { broker });
  await gate.passed(5, never);
  expect(reads).toBe(3);
  await gate.passed(4, never);
  expect(reads).toBe(3);
});

test('does not open for the place of a log that was set back, until the book has noticed', async () => {
  const broker = aLog();
  const old = await positionIn(broker, 60);
  broker.setBack(40);
  fill(broker, 40, 'second');
  let position = old;
  let reads = 0;
  const gate = aGate(
    async () => {
      reads += 1;
      return position;
    },
    { broker },
  );
  let isOpen = false;
  const passing = gate.passed(50, never).then(() => (isOpen = true));
  while (reads < 5) await new Promise((resolve) => setImmediate(resolve));
  expect([isOpen, gate.trouble]).toEqual([
    false,
    '1 destructive commands wait: the book does not know yet that the log is another one',
  ]);
  position = await positionIn(broker, 50);
  await passing;
});

test('does not open for a place that an emptied log has not come to', async () => {
  const broker = aLog();
  const old = await positionIn(broker, 100);
  broker.setBack(0);
  fill(broker, 10, 'second');
  const stop = new AbortController();
  let reads = 0;
  const gate = aGate(
    async () => {
      reads += 1;
      if (reads === 5) stop.abort();
      return old;
    },
    { broker },
  );
  await expect(gate.passed(3, stop.signal)).rejects.toThrow();
});

test('a log that is nearly full keeps it closed though the book is far, until there is room', async () => {
  let strain: string | undefined = 'the log is 83 % full';
  let asked = 0;
  const broker = aLog();
  const end = await positionIn(broker, 100);
  const gate = aGate(
    async () => {
      asked += 1;
      if (asked === 20) strain = undefined;
      return end;
    },
    { broker, strain: () => strain },
  );
  const passing = gate.passed(5, never);
  const told: (string | undefined)[] = [];
  while (asked < 3) await new Promise((resolve) => setImmediate(resolve));
  told.push(gate.trouble);
  await passing;
  expect(told).toEqual(['1 destructive commands wait: the log is 83 % full']);
  expect(gate.trouble).toBeUndefined();
});

test('a book that cannot be read is a trouble at once, one that is behind only after a while', async () => {
  const away = aGate(() => Promise.reject(new Error('away')));
  const stop = new AbortController();
  const passing = away.passed(1, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(away.trouble).toContain('the book cannot be read');
  stop.abort();
  await expect(passing).rejects.toThrow();

  const broker = aLog();
  const nothing = await positionIn(broker, 0);
  const behind = aGate(async () => nothing, { broker });
  const told: (string | undefined)[] = [];
  const end = new AbortController();
  const waiting = behind.passed(1, end.signal);
  await new Promise((resolve) => setImmediate(resolve));
  told.push(behind.trouble);
  for (let turns = 0; behind.trouble === undefined && turns < 20_000; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  told.push(behind.trouble);
  end.abort();
  await expect(waiting).rejects.toThrow();
  expect(told).toEqual([undefined, '1 destructive commands wait: the book is far behind']);
});
