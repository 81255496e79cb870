import { expect, test } from 'vitest';
import type { Clock } from '#shared/process/clock.ts';
import { isExpired } from './expiry.ts';
import { LogClock } from './log-clock.ts';

const minute = 60_000;
const noon = Date.UTC(2026, 0, 1, 12);

/** A log clock that has seen a record of noon, and our time of day so much later. */
function clocks({ later = 0, elapsed = 0 }: { later?: number; elapsed?: number }) {
  let monotonic = 0;
  const clock: Clock = {
    monotonicMs: () => monotonic,
    wallMs: () => noon + later + monotonic,
    sleep: () => Promise.resolve(),
  };
  const time = new LogClock(clock);
  time.saw(noon);
  monotonic = elapsed;
  return { clock, time };
}

test('a command at the end of a log that came back hours later is not executed', () => {
  expect(isExpired({ at: noon }, clocks({ later: 180 * minute }), true)).toBe(true);
});

test('a command of a log that is going on is executed, whoever wrote before us', () => {
  expect(isExpired({ at: noon }, clocks({ later: minute }), true)).toBe(false);
});

test('a wrong time of day keeps nothing from being executed that is decided while we watch', () => {
  expect(isExpired({ at: noon }, clocks({ later: 180 * minute }), false)).toBe(false);
});

test('a command that waited for more than ten minutes expires', () => {
  expect(isExpired({ at: noon }, clocks({ elapsed: 11 * minute }), false)).toBe(true);
});

test('records that arrive late do not turn the log clock back', () => {
  const { clock, time } = clocks({ elapsed: 180 * minute });
  time.saw(noon + 5 * minute);
  expect(isExpired({ at: noon + 5 * minute }, { clock, time }, false)).toBe(true);
});
