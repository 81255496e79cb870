import { expect, test } from 'vitest';
import { ConditionKeeper } from './condition.ts';

const empty = { last: 9, bytes: 0, mostBytes: -1, messages: 0, mostMessages: -1 };

test('a log without limits is never full', () => {
  const keeper = new ConditionKeeper(() => 0);
  keeper.measured({ ...empty, bytes: 1e12, messages: 1e9 });
  expect(keeper.condition).toEqual({ last: 9, share: 0 });
});

test('the tighter of two limits counts, and 80 % of it is a strain', () => {
  const keeper = new ConditionKeeper(() => 0);
  keeper.measured({ ...empty, bytes: 79, mostBytes: 100, messages: 10, mostMessages: 100 });
  expect(keeper.condition).toEqual({ last: 9, share: 0.79 });
  keeper.measured({ ...empty, bytes: 79, mostBytes: 100, messages: 80, mostMessages: 100 });
  expect(keeper.condition.strain).toBe('the log is 80 % full');
});

test('a refused record is a strain until one is stored again, or none was refused for a while', () => {
  let now = 0;
  const keeper = new ConditionKeeper(() => now);
  keeper.refused('maximum bytes exceeded');
  expect(keeper.condition.strain).toBe('the log takes no records: maximum bytes exceeded');
  keeper.measured(empty);
  expect(keeper.condition.strain).toBeDefined();
  keeper.stored();
  expect(keeper.condition.strain).toBeUndefined();
  // An answer that was lost: found stored by reading, so nothing is sent again.
  keeper.refused('no answer in time');
  now += 10_000;
  expect(keeper.condition.strain).toBeUndefined();
});
