import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rfc3339 } from './time.ts';

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
