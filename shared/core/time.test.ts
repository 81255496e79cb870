import fc from 'fast-check';
import { expect, test } from 'vitest';
import { msOf, rfc3339 } from './time.ts';

test('writes times as Kubernetes does', () => {
  expect(rfc3339(0)).toBe('1970-01-01T00:00:00Z');
  expect(rfc3339(Date.UTC(2024, 1, 29, 23, 59, 59) + 999)).toBe('2024-02-29T23:59:59Z');
  expect(rfc3339(Date.UTC(2100, 2, 1))).toBe('2100-03-01T00:00:00Z');
});

test('agrees with the calendar of the platform', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2400, 0, 1) }), (ms) => {
      expect(rfc3339(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`);
    }),
  );
});

test('reads back what it writes, and times with fractions and offsets', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 13_000_000_000 }), (seconds) => {
      expect(msOf(rfc3339(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
  expect(msOf('2026-01-01T00:00:00.123456Z')).toBe(Date.UTC(2026, 0, 1));
  expect(msOf('2026-01-01T01:30:00+01:30')).toBe(Date.UTC(2026, 0, 1));
});

test('does not take anything else for a time', () => {
  expect([undefined, null, '', 'yesterday', '2026-01-01'].map(msOf)).toEqual(
    Array(5).fill(undefined),
  );
});
