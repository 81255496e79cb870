import { expect, test } from 'vitest';

import { parseQuantity } from './quantity.ts';

test.each([
  ['1', 1n, 1n],
  ['-2k', -2000n, 1n],
  ['100m', 100n, 1000n],
  ['1.5Gi', 15n * 1024n ** 3n, 10n],
  ['2e3', 2000n, 1n],
])('reads %s', (text, numerator, denominator) => {
  expect(parseQuantity(text)).toEqual({ numerator, denominator });
});

test.each(['', 'x', '1Q', '1 Gi', '--1'])('does not take %j for a quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});
