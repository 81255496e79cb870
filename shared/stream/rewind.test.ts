import { expect, test } from 'vitest';
import { createMemoryPositions } from './memory-beside.ts';
import { answerRewind, askRewind, openRewind } from './rewind.ts';

const first = { id: 'one', askedAt: 1_000, by: 'alice' };
const second = { id: 'two', askedAt: 2_000, by: 'bob' };

test('a rewind is open from the question to its answer', async () => {
  const positions = createMemoryPositions();
  expect(await openRewind(positions)).toBeUndefined();
  await askRewind(positions, first);
  expect(await openRewind(positions)).toEqual(first);
  await answerRewind(positions, first);
  expect(await openRewind(positions)).toBeUndefined();
});

test('the answer to one is no answer to a later one', async () => {
  const positions = createMemoryPositions();
  await askRewind(positions, first);
  await askRewind(positions, second);
  await answerRewind(positions, first);
  expect(await openRewind(positions)).toEqual(second);
});
