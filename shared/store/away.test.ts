import { expect, test } from 'vitest';
import { isAway, lacksBook } from './away.ts';

test.for(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '08006', '53100', '40001', '40P01'])(
  '%s passes',
  (code) => {
    expect(isAway(Object.assign(new Error('x'), { code }))).toBe(true);
  },
);

test.for(['28P01', '42501', '42P01', '22P05', '23505'])('%s does not pass by itself', (code) => {
  expect(isAway(Object.assign(new Error('x'), { code }))).toBe(false);
});

test('the driver tells a cut connection in words', () => {
  expect(isAway(new Error('Connection terminated unexpectedly'))).toBe(true);
  expect(isAway(new Error('another recorder has moved the position of the book'))).toBe(false);
});

test('a database without the schema lacks the book', () => {
  expect(lacksBook(Object.assign(new Error('x'), { code: '3F000' }))).toBe(true);
  expect(lacksBook(new Error('x'))).toBe(false);
});
