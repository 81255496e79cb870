import { expect, test } from 'vitest';
import { compareDigests } from './template.ts';
import { aDigest } from './testing/objects.ts';

test('equal digests are of the same template', () => {
  expect(compareDigests(aDigest(), aDigest())).toBe('same');
});

test.each(['metadata', 'spec', 'vmiMetadata', 'vmiSpec'] as const)(
  'a changed %s is different',
  (part) => {
    expect(compareDigests(aDigest(), { ...aDigest(), [part]: aDigest('x').spec })).toBe(
      'different',
    );
  },
);

test('a disk more, less or changed is different', () => {
  const hash = aDigest().vmiSpec;
  const one = { ...aDigest(), volumes: { data: hash } };
  expect(compareDigests(aDigest(), one)).toBe('different');
  expect(compareDigests(one, aDigest())).toBe('different');
  expect(compareDigests(one, { ...one, volumes: { data: aDigest('x').vmiSpec } })).toBe(
    'different',
  );
  expect(compareDigests(one, { ...one, volumes: { other: hash } })).toBe('different');
});

test('another key or algorithm, or no digest, says nothing', () => {
  expect(compareDigests(aDigest(), aDigest('v1', 'other'))).toBe('unknown');
  expect(compareDigests(aDigest(), { ...aDigest(), algorithm: 2 })).toBe('unknown');
  expect(compareDigests(aDigest(), undefined)).toBe('unknown');
});
