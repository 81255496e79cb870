import { expect, it } from 'vitest';

import { milliOf, quantityOfBytes, quantityOfMilli } from './quantity.ts';

it.each([
  ['800m', 800],
  ['1', 1000],
  ['1.1', 1100],
  ['0.5', 500],
  ['.5', 500],
  ['2k', 2_000_000],
  ['128Mi', 134_217_728_000],
  ['1e3', 1_000_000],
  ['12E2', 1_200_000],
  ['1500n', 1],
  ['100u', 1],
  [3, 3000],
])('reads %s as %i thousandths', (text, milli) => {
  expect(milliOf(text)).toBe(milli);
});

it.each(['', 'many', '1 Gi', '1Xi', '--1', {}, undefined])('reads nothing from %o', (text) => {
  expect(milliOf(text)).toBeUndefined();
});

it('writes whole numbers without a suffix', () => {
  expect([quantityOfMilli(2000), quantityOfMilli(250)]).toEqual(['2', '250m']);
  expect([quantityOfBytes(134_217_728), quantityOfBytes(1000)]).toEqual(['131072Ki', '1000']);
});
