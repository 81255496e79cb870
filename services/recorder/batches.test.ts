import { expect, test } from 'vitest';
import type { LogRecord } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import type { Message } from '#shared/stream/log.ts';
import { anEffect, decidedDeletes, settled, shard } from '#test/integration/book-story.ts';
import { batchesOf } from './batches.ts';

function messages(...records: readonly LogRecord[]): Message[] {
  return records.map((record, index) => ({
    sequence: index + 1,
    at: 0,
    shard,
    family: 'outcome',
    records: [record],
    poison: [],
    hash: '',
  }));
}

async function* arriving(all: readonly Message[]): AsyncGenerator<Message> {
  yield* all;
}

async function sizes(all: AsyncIterable<Message>, most: number): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const batch of batchesOf(all, most, systemClock)) found.push(batch.length);
  return found;
}

const outcome = settled(anEffect(1, 0), 'applied');

test('what has arrived goes into one group, up to its limit', async () => {
  const five = messages(outcome, outcome, outcome, outcome, outcome);
  expect(await sizes(arriving(five), 3)).toEqual([3, 2]);
});

test('a decision with endangered disks ends its group', async () => {
  const story = messages(outcome, decidedDeletes(1, ['web-0']), outcome);
  expect(await sizes(arriving(story), 500)).toEqual([2, 1]);
});

test('an idle log is not waited for', async () => {
  const [first, second] = messages(outcome, outcome);
  const { promise: later, resolve } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Message> {
    if (first !== undefined) yield first;
    await later;
    if (second !== undefined) yield second;
  }
  const batches = batchesOf(slow(), 500, systemClock);
  expect((await batches.next()).value).toHaveLength(1);
  resolve();
  expect((await batches.next()).value).toHaveLength(1);
});

/** Groups of a log whose messages come when the test says so; writing takes as long as it says. */
function givenBatches(...records: readonly LogRecord[]) {
  const story = messages(...records);
  let now = 0;
  const rests: { readonly ms: number; readonly end: () => void }[] = [];
  const clock = {
    monotonicMs: () => now,
    sleep: (ms: number) => new Promise<void>((resolve) => rests.push({ ms, end: resolve })),
  };
  const log = new TransformStream<Message, Message>();
  const writer = log.writable.getWriter();
  const batches = batchesOf(log.readable, 500, clock);
  return {
    rests,
    comes: () => {
      for (const message of story.splice(0, 1)) void writer.write(message);
    },
    next: async () => (await batches.next()).value?.map(({ sequence }) => sequence),
    written: (ms: number) => void (now += ms),
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('what comes in the rest after a long write goes into one group', async () => {
  const { comes, next, rests, written } = givenBatches(outcome, outcome, outcome);
  comes();
  expect(await next()).toEqual([1]);
  written(10);
  comes();
  const group = next();
  await settle();
  comes();
  await settle();
  expect(rests.map(({ ms }) => ms)).toEqual([20]);
  rests[0]?.end();
  expect(await group).toEqual([2, 3]);
});

test('a decision with endangered disks does not wait for the end of a rest', async () => {
  const { comes, next, written } = givenBatches(outcome, outcome, decidedDeletes(1, ['web-0']));
  comes();
  expect(await next()).toEqual([1]);
  written(10);
  comes();
  const group = next();
  await settle();
  comes();
  expect(await group).toEqual([2, 3]);
});
