import { expect, test } from 'vitest';
import { lagOf, lagSeconds } from './log-metrics.ts';
import { Traffic } from './traffic.ts';

function aLog(last: number) {
  return { traffic: new Traffic(), condition: () => ({ last, share: 0 }) };
}

test('a reader of everything is behind by what the log has beyond it', () => {
  const log = aLog(100);
  expect(lagOf(log)).toBeUndefined();
  log.traffic.reached({ sequence: 90, at: 5_000, pending: 3, isPartial: false });
  expect(lagOf(log)).toBe(10);
  expect(lagSeconds(log, 7_500)).toBe(2.5);
  // What the log was last measured at may be older than what has been read since.
  log.traffic.reached({ sequence: 101, at: 6_000, pending: 0, isPartial: false });
  expect(lagOf(log)).toBe(0);
  expect(lagSeconds(log, 60_000)).toBe(0);
});

test('a reader of some families is behind by what the broker has for it', () => {
  const log = aLog(100);
  log.traffic.reached({ sequence: 40, at: 5_000, pending: 0, isPartial: true });
  expect(lagOf(log)).toBe(0);
  log.traffic.reached({ sequence: 41, at: 5_000, pending: 2, isPartial: true });
  expect(lagOf(log)).toBe(2);
  expect(lagSeconds(log, 4_000)).toBe(0);
});
