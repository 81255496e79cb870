import { expect, test } from 'vitest';
import type { Selector } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches, selectorText } from './selector.ts';

function parsed(selector: Selector) {
  const result = parseSelector(selector);
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

test.each([
  [{}, ''],
  [{ matchLabels: { b: '2', a: '1' } }, 'a=1,b=2'],
  [
    {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'zone', operator: 'NotIn', values: ['x'] },
        { key: 'gpu', operator: 'DoesNotExist' },
        { key: 'disk', operator: 'Exists' },
      ],
    },
    'app=web,disk,!gpu,tier in (a,b),zone notin (x)',
  ],
])('prints a selector as Kubernetes does', (selector, text) => {
  expect(selectorText(parsed(selector))).toBe(text);
});

test('an empty selector matches everything', () => {
  expect(selectorMatches(parsed({}), {})).toBe(true);
});

test.each([
  ['In', ['a'], { k: 'a' }, true],
  ['In', ['a'], { k: 'b' }, false],
  ['In', ['a'], {}, false],
  ['NotIn', ['a'], { k: 'b' }, true],
  ['NotIn', ['a'], { k: 'a' }, false],
  ['NotIn', ['a'], {}, true],
  ['Exists', undefined, { k: '' }, true],
  ['Exists', undefined, {}, false],
  ['DoesNotExist', undefined, {}, true],
  ['DoesNotExist', undefined, { k: 'a' }, false],
])('%s %j on %j is %s', (operator, values, labels, expected) => {
  const expression = { key: 'k', operator, ...(values !== undefined && { values }) };
  const selector = parsed({ matchExpressions: [expression] });
  const text: Record<string, string> = {};
  for (const [key, value] of Object.entries(labels)) text[key] = value;
  expect(selectorMatches(selector, text)).toBe(expected);
});

test.each([
  [{ key: 'k', operator: 'Like', values: ['a'] }],
  [{ key: 'k', operator: 'In', values: [] }],
  [{ key: 'k', operator: 'Exists', values: ['a'] }],
])('refuses an expression that the API server would refuse', (expression) => {
  expect(parseSelector({ matchExpressions: [expression] })).toHaveProperty('problem');
});

test('a label of a prototype is no label', () => {
  const selector = parsed({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] });
  expect(selectorMatches(selector, {})).toBe(false);
});
