import { expect, test } from 'vitest';
import { effectId } from '#shared/contract/ids.ts';
import { claimNamesFor, freeOrdinals, ordinalOf, replicaName, stemOf } from './names.ts';
import { aTemplate } from './testing/objects.ts';

const effect = effectId('0a0b0c0d', { epoch: 1, plan: 1 }, 0);

test.each([
  ['web-0', 0],
  ['web-12', 12],
  ['a-b-7', 7],
  ['web', undefined],
  ['web-', undefined],
  ['web-01', undefined],
  ['web-x1', undefined],
  ['web-99999999999', undefined],
])('the ordinal of %s is %s', (name, ordinal) => {
  expect(ordinalOf(name)).toBe(ordinal);
});

test('free ordinals fill gaps first', () => {
  const taken = new Set([0, 2, 3]);
  expect(
    freeOrdinals((ordinal) => taken.has(ordinal))
      .take(3)
      .toArray(),
  ).toEqual([1, 4, 5]);
});

test('the name of a replica follows from its effect alone, and avoids known ones', () => {
  const name = replicaName('ci', effect, () => false);
  expect(replicaName('ci', effect, () => false)).toBe(name);
  const other = replicaName('ci', effect, (known) => known === name);
  expect(other).not.toBe(name);
  expect(other).toMatch(/^ci[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('names of replicas spread', () => {
  const names = Array.from({ length: 10_000 }, (_, at) =>
    replicaName(
      'ci',
      effectId('0a0b0c0d', { epoch: 3, plan: Math.floor(at / 250) }, at % 250),
      () => false,
    ),
  );
  // 14 million suffixes: about 3.5 pairs among ten thousand are to be expected.
  expect(new Set(names).size).toBeGreaterThan(9985);
});

test('a long prefix is cut so that the name fits a label', () => {
  expect(replicaName('x'.repeat(80), effect, () => false)).toHaveLength(63);
});

test('only what the template makes gets the ordinal', () => {
  const template = aTemplate({
    disks: [{ name: 'os' }, { name: 'data' }],
    claims: [
      { kind: 'DataVolume', name: 'os' },
      { kind: 'PersistentVolumeClaim', name: 'data' },
      { kind: 'PersistentVolumeClaim', name: 'shared' },
    ],
  });
  expect(claimNamesFor(template, 7)).toEqual({
    makes: ['os-7', 'data-7'],
    uses: [
      { kind: 'DataVolume', name: 'os-7' },
      { kind: 'PersistentVolumeClaim', name: 'data-7' },
      { kind: 'PersistentVolumeClaim', name: 'shared' },
    ],
  });
});

test('the stem of a disk is what stands before its ordinal', () => {
  expect(stemOf('data-disk-3')).toBe('data-disk');
  expect(stemOf('data-disk')).toBeUndefined();
});
