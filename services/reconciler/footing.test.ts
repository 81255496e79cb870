import { expect, test } from 'vitest';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { Footing } from './footing.ts';
import type { Memory } from './footing.ts';
import { systemTimers } from './timers.ts';
import { comes } from './testing/comes.ts';

test('a log that has only grown is trusted whole', async () => {
  const log = aLog();
  log.fill(20);
  const memory: Memory = {};
  await log.reads(memory);
  log.fill(5);
  expect(await log.footing(memory).trustsFrom()).toBeUndefined();
});

test('a log that was set back is trusted from its first later message, by what the process remembers', async () => {
  const log = aLog();
  log.fill(20);
  const memory: Memory = {};
  await log.reads(memory);
  log.broker.setBack(12);
  log.fill(3);
  expect(await log.footing(memory).trustsFrom()).toBe(13);
});

test('where nothing has come since, only what will come is trusted', async () => {
  const log = aLog();
  log.fill(20);
  const memory: Memory = {};
  await log.reads(memory);
  log.broker.setBack(12);
  expect(await log.footing(memory).trustsFrom()).toBe(13);
});

test('a process that starts anew is told by what the one before it has left', async () => {
  const log = aLog();
  log.fill(20);
  const stop = new AbortController();
  const before = log.footing({});
  await log.reads({}, before);
  before.savesUntil(stop.signal);
  await comes(async () => (await log.stream().positions.load('reconciler')) !== undefined);
  stop.abort();
  log.broker.setBack(19);
  log.fill(10);
  expect(await log.footing({}).trustsFrom()).toBe(20);
});

test('while the old part of the log is folded anew, what was seen last is not forgotten', async () => {
  const log = aLog();
  log.fill(20);
  const memory: Memory = {};
  await log.reads(memory);
  log.broker.setBack(12);
  await log.reads(memory);
  expect(memory.newest?.sequence).toBe(20);
  log.fill(1);
  await log.reads(memory);
  expect(memory.newest?.sequence).toBe(13);
});

test('of a log that was made anew all is trusted, for nothing in it is from before', async () => {
  const log = aLog();
  log.fill(20);
  const memory: Memory = {};
  await log.reads(memory);
  log.broker.makeAnew();
  log.fill(3);
  expect(await log.footing(memory).trustsFrom()).toBe(1);
});

function aLog() {
  let now = Date.UTC(2026, 0, 1);
  const broker = new MemoryBroker({ now: () => now });
  const stream = () => broker.open();
  const footing = (memory: Memory) =>
    new Footing({
      stream: stream(),
      log: silentLogger(),
      clock: systemClock,
      timers: systemTimers,
      memory,
    });
  return {
    broker,
    stream,
    footing,
    fill(count: number): void {
      for (let at = 0; at < count; at += 1) {
        now += 1_000;
        broker.put('rc.07.fact', Buffer.from(`{"v":1,"records":["${now}"]}`));
      }
    },
    /** Reads everything that is there. */
    async reads(memory: Memory, reader: Footing = footing(memory)): Promise<void> {
      const { last } = await stream().bounds();
      for (let sequence = 1; sequence <= last; sequence += 1) {
        const message = await stream().at(sequence);
        if (message !== undefined) reader.saw(message);
      }
    },
  };
}
