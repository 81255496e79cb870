import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

const seeds = [3, 99, 101, 102, 161, 197, 5125];

test.each(seeds)(
  'seed %i gives the same log and the same cluster twice, to the byte',
  async (seed) => {
    const first = await simulate({ seed, hashes: true });
    const second = await simulate({ seed, hashes: true });
    expect(second.hash).toBe(first.hash);
    expect(second.history).toEqual(first.history);
    expect(second.steps).toBe(first.steps);
  },
);

test('another seed gives another history', async () => {
  const first = await simulate({ seed: 3, hashes: true });
  const second = await simulate({ seed: 4, hashes: true });
  expect(second.hash).not.toBe(first.hash);
});
