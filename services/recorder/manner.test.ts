import { expect, test } from 'vitest';
import type { Pool } from '#shared/contract/objects.ts';
import { aPool } from '#test/integration/book-story.ts';
import { mannerChanges, mannerFrom, mannerOf } from './manner.ts';

function edited(from: Pool, to: Pool) {
  return mannerChanges(mannerFrom(JSON.stringify(mannerOf(from))), mannerOf(to));
}

function annotated(annotations: Readonly<Record<string, string>>): Pool {
  const pool = aPool(1);
  return { ...pool, meta: { ...pool.meta, annotations } };
}

function stamped(keyId: string, vmiSpec: string): Pool {
  const digest = { keyId, algorithm: 1, vmiMetadata: 'a', vmiSpec, volumes: {} };
  return aPool(1, {
    template: { digest, labels: {}, vmiLabels: {}, disks: [], claims: [] },
  });
}

test('a pause, a mode and a strategy are told with what they were and what they are', () => {
  expect(edited(aPool(1), aPool(1, { paused: true }))).toEqual([
    { what: 'paused', from: 'false', to: 'true' },
  ]);
  const key = 'rollcall.dev/mode';
  expect(edited(annotated({ [key]: 'manage', 'their.own/note': 'x' }), annotated({}))).toEqual([
    { what: key, from: 'manage' },
  ]);
  expect(edited(aPool(1), aPool(1, { maxUnavailable: 2 }))).toEqual([
    { what: 'maxUnavailable', to: '2' },
  ]);
});

test('a size is no setting, and a status neither', () => {
  expect(edited(aPool(1), aPool(5, { status: { replicas: 3 } }))).toEqual([]);
});

test('of a template is told that it changed, and nothing of it; under another key nobody knows', () => {
  expect(edited(stamped('k1', 'b'), stamped('k1', 'c'))).toEqual([{ what: 'template' }]);
  expect(edited(stamped('k1', 'b'), stamped('k2', 'c'))).toEqual([]);
});
