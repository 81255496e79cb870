import { expect, test } from 'vitest';
import { lazinessIn } from './attest.ts';

const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

test('a server that keeps its commits is taken', () => {
  expect(lazinessIn(durable)).toBeUndefined();
  expect(lazinessIn({ ...durable, synchronous_commit: 'remote_apply' })).toBeUndefined();
});

test('each setting that is off is named', () => {
  expect(lazinessIn({ ...durable, fsync: 'off', synchronous_commit: 'off' })).toMatch(
    /runs with fsync and synchronous_commit off/,
  );
});
