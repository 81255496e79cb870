import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAlarm } from './alarm.ts';
import { createLogClock } from './log-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('rings each at its own log time, and one that was replaced only once', () => {
  const { rung, alarm } = setUp();
  alarm.set('b', { at: 2_000, ring: () => rung.push('b') });
  alarm.set('a', { at: 1_100, ring: () => rung.push('a, too early') });
  alarm.set('a', { at: 1_500, ring: () => rung.push('a') });
  vi.advanceTimersByTime(499);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual(['a']);
  vi.advanceTimersByTime(500);
  expect(rung).toEqual(['a', 'b']);
});

test('does not ring what was taken back', () => {
  const { rung, alarm } = setUp();
  alarm.set('a', { at: 1_100, ring: () => rung.push('a') });
  alarm.set('a', undefined);
  vi.advanceTimersByTime(5_000);
  expect(rung).toEqual([]);
});

test('does not turn in circles for a time that has passed', () => {
  const { rung, alarm } = setUp();
  const again = (): void => {
    rung.push('a');
    alarm.set('a', { at: 0, ring: again });
  };
  alarm.set('a', { at: 0, ring: again });
  vi.advanceTimersByTime(50);
  expect(rung.length).toBeLessThanOrEqual(10);
});

test('waits longer than a timer of the platform can', () => {
  const { rung, alarm } = setUp();
  const in30Days = 30 * 24 * 60 * 60 * 1_000;
  alarm.set('a', { at: 1_000 + in30Days, ring: () => rung.push('a') });
  vi.advanceTimersByTime(in30Days - 1);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual(['a']);
});

/** Log time is 1000 now, and follows the fake timers. */
function setUp() {
  const rung: string[] = [];
  const clock = createLogClock({ monotonicMs: () => Date.now() });
  clock.observe(1_000);
  return { rung, alarm: createAlarm(clock) };
}
