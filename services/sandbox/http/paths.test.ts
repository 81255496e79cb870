import { expect, test } from 'vitest';

import { parsePath } from './paths.ts';

const pools = { kind: 'objects', group: 'pool.kubevirt.io', version: 'v1beta1', watch: false };

test.each([
  ['/api', { kind: 'core-versions' }],
  ['/api/', { kind: 'core-versions' }],
  ['/apis', { kind: 'groups' }],
  ['/apis/apps', { kind: 'group', group: 'apps' }],
  ['/api/v1', { kind: 'resources', group: '', version: 'v1' }],
  ['/openapi/v3', { kind: 'openapi-index' }],
  ['/openapi/v3/apis/apps/v1', { kind: 'openapi', path: 'apis/apps/v1' }],
  ['/openapi/v2', { kind: 'unknown' }],
  ['/readyz', { kind: 'health', check: 'readyz' }],
  ['/metrics', { kind: 'unknown' }],
])('reads %s', (path, target) => {
  expect(parsePath(path)).toEqual(target);
});

test('reads where objects lie, with and without a namespace', () => {
  const root = '/apis/pool.kubevirt.io/v1beta1';
  const plural = 'virtualmachinepools';
  expect(parsePath(`${root}/${plural}`)).toEqual({ ...pools, plural });
  expect(parsePath(`${root}/namespaces/a/${plural}/b%2Ec/scale`)).toEqual({
    ...pools,
    plural,
    namespace: 'a',
    name: 'b.c',
    subresource: 'scale',
  });
  expect(parsePath(`${root}/watch/namespaces/a/${plural}`)).toEqual({
    ...pools,
    plural,
    namespace: 'a',
    watch: true,
  });
});

test('takes a namespace itself for an object without one', () => {
  const core = { kind: 'objects', group: '', version: 'v1', plural: 'namespaces', watch: false };
  expect(parsePath('/api/v1/namespaces')).toEqual(core);
  expect(parsePath('/api/v1/namespaces/a')).toEqual({ ...core, name: 'a' });
  expect(parsePath('/api/v1/namespaces/a/status')).toEqual({
    ...core,
    name: 'a',
    subresource: 'status',
  });
  expect(parsePath('/api/v1/namespaces/a/secrets')).toEqual({
    ...core,
    plural: 'secrets',
    namespace: 'a',
  });
});

test('does not know broken escapes and paths that go on too long', () => {
  expect(parsePath('/api/v1/namespaces/%zz')).toEqual({ kind: 'unknown' });
  expect(parsePath('/api/v1/namespaces/a/secrets/b/status/more')).toEqual({ kind: 'unknown' });
});
