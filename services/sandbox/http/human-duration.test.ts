import { expect, test } from 'vitest';

import { ageOf, humanDuration } from './human-duration.ts';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

test.each([
  [-5 * second, '<invalid>'],
  [-500, '0s'],
  [119 * second, '119s'],
  [120 * second, '2m'],
  [341 * second, '5m41s'],
  [10 * 60 * second, '10m'],
  [179 * 60 * second, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 60 * second, '3h1m'],
  [47 * hour, '47h'],
  [2 * day + 3 * hour, '2d3h'],
  [9 * day, '9d'],
  [729 * day, '729d'],
  [3 * 365 * day + 2 * day, '3y2d'],
  [9 * 365 * day, '9y'],
])('%i ms is %s', (durationMs, text) => {
  expect(humanDuration(durationMs)).toBe(text);
});

test('tells no age where there is no time', () => {
  expect(ageOf(undefined, 0)).toBeUndefined();
  expect(ageOf('yesterday', 0)).toBe('<invalid>');
});
