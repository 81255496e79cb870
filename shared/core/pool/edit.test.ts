import { expect, test } from 'vitest';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import { aDigest } from '../testing/objects.ts';
import { editBetween, type Edit } from './edit.ts';

const old = { ...aDigest('v1'), volumes: { root: aDigest('root').spec ?? '' } };
const { spec: other = '' } = aDigest('v2');

test.each<[string, Partial<TemplateDigest>, Edit]>([
  ['nothing', {}, 'none'],
  ['labels of the VM', { metadata: other }, 'machine'],
  ['the run strategy', { spec: other }, 'machine'],
  ['labels of the instance', { vmiMetadata: other }, 'restart'],
  ['the hardware', { vmiSpec: other }, 'restart'],
  ['a disk template', { volumes: { root: other } }, 'replace'],
  ['the name of a disk template', { volumes: { boot: old.volumes.root } }, 'replace'],
  ['hardware and disks', { vmiSpec: other, volumes: {} }, 'replace'],
  ['the key of the digests', { keyId: 'other', vmiSpec: other }, 'unknown'],
])('a change of %s asks for that much', (_, change, edit) => {
  expect(editBetween(old, { ...old, ...change })).toBe(edit);
});

test('a template of which no digest is known is not a changed one', () => {
  expect(editBetween(undefined, old)).toBe('unknown');
});
