import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

/** A clock that work moves on. */
function givenPace() {
  let now = 1_000;
  const pace = new Pace({ monotonicMs: () => now });
  const pass = (ms: number) => void (now += ms);
  return { pace, pass, work: (ms: number) => pace.timed(() => pass(ms)) };
}

test('after quiet a decision is made at once', () => {
  const { pace, pass, work } = givenPace();
  expect(pace.restMs).toBe(0);
  work(2);
  pass(8);
  expect(pace.restMs).toBe(0);
});

test('deciding that takes long leaves four fifths of the time to reading', () => {
  const { pace, pass, work } = givenPace();
  work(2);
  expect(pace.restMs).toBe(8);
  work(1);
  expect(pace.restMs).toBe(11);
  pass(11);
  expect(pace.restMs).toBe(0);
});

test('a small set is decided each time that something arrives for it', () => {
  const { pace, work } = givenPace();
  work(0.05);
  expect(pace.restMs).toBe(0);
});
