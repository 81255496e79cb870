import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const backoff = { firstMs: 100, mostMs: 2000 };

test('doubles up to the most, of which at least half is waited', () => {
  expect([1, 2, 3, 9].map((attempt) => backoffMs(backoff, attempt, 0))).toEqual([
    50, 100, 200, 1000,
  ]);
});

test('never exceeds the most, however often it failed', () => {
  expect(backoffMs(backoff, 5000, 0.999)).toBeLessThan(2000);
});
