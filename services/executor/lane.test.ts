import { expect, test } from 'vitest';
import { Lane } from './lane.ts';

/** Calls that end when they are told to. */
function calls(lane: Lane, count: number) {
  const ends: (() => void)[] = [];
  const all = Array.from({ length: count }, () =>
    lane.run(() => new Promise<void>((resolve) => ends.push(resolve))),
  );
  return { ends, all };
}

test('has no more calls under way than its bound, and starts the next when one ends', async () => {
  const lane = new Lane(2);
  const { ends, all } = calls(lane, 3);
  expect([lane.inFlight, ends.length]).toEqual([2, 2]);
  ends[0]?.();
  await all[0];
  expect([lane.inFlight, ends.length]).toEqual([2, 3]);
  for (const end of ends) end();
  await Promise.all(all);
  expect(lane.inFlight).toBe(0);
});

test('has half as many under way once the API server asks for less, and grows again', async () => {
  const lane = new Lane(4);
  lane.throttled();
  const { ends, all } = calls(lane, 4);
  expect([lane.bound, lane.inFlight]).toEqual([2, 2]);
  while (lane.inFlight > 0) {
    for (const end of ends.splice(0)) end();
    // oxlint-disable-next-line no-await-in-loop -- the next ones start only then
    await new Promise(setImmediate);
  }
  await Promise.all(all);
  expect(lane.bound).toBeGreaterThan(2);
  for (let throttled = 0; throttled < 9; throttled += 1) lane.throttled();
  expect(lane.bound).toBe(1);
});
