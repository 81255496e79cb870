import { expect, test } from 'vitest';
import { Standing } from './standing.ts';

test('a recorder that keeps up, or waits for another to end, has no trouble', () => {
  const standing = new Standing();
  expect(standing.trouble(100_000, 5_000)).toBeUndefined();
  standing.sequence = 95_000;
  expect(standing.trouble(100_000, 5_000)).toBeUndefined();
});

test('one that is far behind, or has lost its database, says so', () => {
  const standing = new Standing();
  standing.sequence = 94_999;
  expect(standing.trouble(100_000, 5_000)).toBe('the book is 5001 messages behind the log');
  standing.isAway = true;
  expect(standing.trouble(0, 5_000)).toBe('the database is away');
});
