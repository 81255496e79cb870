import { describe, expect, it } from 'vitest';

import { parseLabelSelector } from './label-selector.ts';

const labels = { a: 'b', n: '5', 'example.com/x': '' };

describe('a label selector', () => {
  it.each([
    ['', true],
    ['a=b', true],
    ['a==b', true],
    ['a=c', false],
    ['a!=c', true],
    ['z!=c', true],
    ['a', true],
    ['z', false],
    ['!z', true],
    ['!a', false],
    ['a in (b, c)', true],
    ['a in (c)', false],
    ['a notin (c,d)', true],
    ['z notin (c)', true],
    ['a=b,n>4', true],
    ['n<5', false],
    ['example.com/x=', true],
    ['example.com/x', true],
    ['a=b , n=5', true],
  ])('%s matches %s', (text, expected) => {
    const parsed = parseLabelSelector(text);
    expect(parsed.kind === 'matcher' && parsed.matches(labels)).toBe(expected);
  });

  it.each([
    ['odd===', "unable to parse requirement: found '=', expected: identifier"],
    ['odd=a b', "found 'b', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a ( b', "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ])('%s is refused', (text, why) => {
    expect(parseLabelSelector(text)).toEqual({ kind: 'unreadable', why });
  });
});
