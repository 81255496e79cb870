import { expect, test } from 'vitest';
import type { Selection } from '#shared/contract/objects.ts';
import { aVm } from '../testing/objects.ts';
import { readSelection, sorted } from './selection.ts';

const names = (selection: Selection, ...members: ReturnType<typeof aVm>[]) => {
  const selects = readSelection(selection);
  return typeof selects === 'function'
    ? members.filter(selects).map(({ meta }) => meta.name)
    : selects;
};

const edge = aVm('web-0', { vmiLabels: { zone: 'edge' }, nodeSelector: { cores: '8' } });
const core = aVm('web-1', { vmiLabels: { zone: 'core' }, nodeSelector: { cores: '16' } });
const bare = aVm('web-2');

test('selects all members where no selector is set', () => {
  expect(names({}, edge, core, bare)).toEqual(['web-0', 'web-1', 'web-2']);
});

test('matches the labels of the VMI template, not those of the VM', () => {
  const selection = { labels: { matchLabels: { zone: 'edge' } } };
  expect(names(selection, edge, aVm('web-9', { labels: { zone: 'edge' } }))).toEqual(['web-0']);
});

test.each<[string, readonly string[], readonly string[]]>([
  ['In', ['8'], ['web-0']],
  ['NotIn', ['8'], ['web-1', 'web-2']],
  ['Exists', [], ['web-0', 'web-1']],
  ['DoesNotExist', [], ['web-2']],
  ['Gt', ['8'], ['web-1']],
  ['Lt', ['9'], ['web-0']],
])('compares the nodeSelector with %s', (operator, values, expected) => {
  const selection = { nodes: [{ key: 'cores', operator, values: [...values] }] };
  expect(names(selection, edge, core, bare)).toEqual(expected);
});

test('wants both selectors to match', () => {
  const selection = {
    labels: { matchLabels: { zone: 'edge' } },
    nodes: [{ key: 'cores', operator: 'In', values: ['16'] }],
  };
  expect(names(selection, edge, core)).toEqual([]);
});

test.each([
  [{ labels: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }],
  [{ nodes: [{ key: 'a', operator: 'Gt', values: ['many'] }] }],
  [{ nodes: [{ key: 'a', operator: 'Near' }] }],
])('says what is wrong with a selector instead of selecting all: %j', (selection) => {
  expect(names(selection, edge)).toMatchObject({ problem: expect.stringContaining('on a') });
});

const young = { createdAt: '2026-01-01T00:01:00Z' };
const members = [aVm('web-10', young), aVm('web-2'), aVm('web-9'), aVm('odd')];

test.each([
  ['AscendingOrder', ['odd', 'web-2', 'web-9', 'web-10']],
  ['DescendingOrder', ['web-10', 'web-9', 'web-2', 'odd']],
  ['Newest', ['web-10', 'web-9', 'web-2', 'odd']],
  ['Oldest', ['odd', 'web-2', 'web-9', 'web-10']],
] as const)('orders by %s, totally though times are equal (B30)', (sort, expected) => {
  expect(sorted(members, sort, 's').map(({ meta }) => meta.name)).toEqual(expected);
  expect(sorted(members.toReversed(), sort, 's').map(({ meta }) => meta.name)).toEqual(expected);
});

test('draws the same random order again, and another one under another salt', () => {
  const many = Array.from({ length: 30 }, (_, at) => aVm(`web-${at}`));
  const draw = (salt: string) => sorted(many, 'Random', salt).map(({ meta }) => meta.name);
  expect(draw('1')).toEqual(draw('1'));
  expect(draw('1')).not.toEqual(draw('2'));
});
