import { expect, test } from 'vitest';
import { formatAge, formatDelay, formatTime } from './times.ts';

test.for([
  [0, '0s'],
  [-5, '0s'],
  [45_000, '45s'],
  [192_000, '3m12s'],
  [3_600_000, '1h'],
  [11 * 3_600_000 + 60_000, '11h'],
  [2 * 86_400_000 + 4 * 3_600_000, '2d4h'],
] as const)('%d ms is an age of %s', ([ms, text]) => {
  expect(formatAge(ms)).toBe(text);
});

test('a delay under ten seconds has tenths', () => {
  const from = new Date('2026-11-21T04:12:33.100Z');
  expect(formatDelay(from, new Date('2026-11-21T04:12:33.540Z'))).toBe('+0.4s');
  expect(formatDelay(from, new Date('2026-11-21T04:15:43.100Z'))).toBe('+3m10s');
});

test('a time is UTC to the second', () => {
  expect(formatTime(new Date('2026-11-21T04:12:33.999Z'))).toBe('2026-11-21 04:12:33Z');
});
