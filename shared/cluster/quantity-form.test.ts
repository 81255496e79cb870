import { expect, test } from 'vitest';
import { quantityForm } from './quantity-form.ts';

test.each([
  ['1024Mi', '1Gi'],
  ['0.5', '500m'],
  ['.5', '0.50'],
  [2, '2'],
  ['1e3', '1k'],
  ['1E3', '1000'],
  ['5e-1', '500m'],
  ['1E', '1000P'],
  ['1000u', '1m'],
  ['+1', '1'],
  ['-1.5Gi', '-1536Mi'],
])('%s is as much as %s', (left, right) => {
  expect(quantityForm(left)).toBe(quantityForm(right));
});

test.each([
  ['1G', '1Gi'],
  ['1', '1m'],
  ['-1', '1'],
])('%s is not as much as %s', (left, right) => {
  expect(quantityForm(left)).not.toBe(quantityForm(right));
});

test.each(['', '.', 'much', '1 Gi', '0.1n', '0.0000000001', null, { a: 1 }])(
  '%j is no quantity that could be compared, and stays as it is',
  (raw) => {
    expect(quantityForm(raw)).toEqual(raw);
  },
);
