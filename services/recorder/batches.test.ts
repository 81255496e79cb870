import { expect, test } from 'vitest';
import type { LogRecord } from '#shared/contract/records.ts';
import type { Message } from '#shared/stream/log.ts';
import { anEffect, decidedDeletes, settled, shard } from '#test/integration/book-story.ts';
import { batchesOf } from './batches.ts';

function messages(...records: readonly LogRecord[]): readonly Message[] {
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
  for await (const batch of batchesOf(all, most)) found.push(batch.length);
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
  const batches = batchesOf(slow(), 500);
  expect((await batches.next()).value).toHaveLength(1);
  resolve();
  expect((await batches.next()).value).toHaveLength(1);
});
