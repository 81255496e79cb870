import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';
import type { StoreAnswer } from './types.ts';

type Applying = { readonly by?: string; readonly force?: boolean; readonly dryRun?: boolean };

function apply(
  given: GivenStore,
  fields: Readonly<Record<string, unknown>>,
  { by = 'one', force = false, dryRun = false }: Applying = {},
): StoreAnswer {
  const resource = { group: '', version: 'v1', plural: 'configmaps' };
  const { metadata, ...content } = { metadata: {}, ...fields };
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...content,
    metadata: { ...metadata, name: 'c' },
  };
  return given.store.handle({
    verb: 'patch',
    patch: 'apply',
    resource,
    namespace: 'default',
    name: 'c',
    caller: { user: 'tester', groups: [] },
    fieldManager: by,
    force,
    dryRun,
    body,
  });
}

function managers(answer: StoreAnswer): unknown {
  const entries = at(answer, 'metadata.managedFields');
  return Array.isArray(entries)
    ? entries.map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1])
    : entries;
}

describe('server-side apply', () => {
  it('makes what is not there, and owns just what it names', () => {
    const given = new GivenStore();
    const made = apply(given, { data: { a: '1' }, metadata: { labels: { l: '1' } } });
    expect(made.code).toBe(201);
    const fields = { 'f:data': { 'f:a': {} }, 'f:metadata': { 'f:labels': { 'f:l': {} } } };
    expect(managers(made)).toEqual([['one', 'Apply', fields]]);
  });

  it('changes nothing when nothing is new', () => {
    const given = new GivenStore();
    apply(given, { data: { a: '1' } });
    given.told();
    given.clock.advance(5000);
    expect(apply(given, { data: { a: '1' } }).code).toBe(200);
    expect(given.told()).toEqual([]);
  });

  it('removes what its manager drops, unless somebody else owns it too', () => {
    const given = new GivenStore();
    apply(given, { data: { a: '1', b: '1' } });
    apply(given, { data: { b: '1' } }, { by: 'two' });
    const left = apply(given, { data: { c: '1' } });
    expect(at(left, 'data')).toEqual({ b: '1', c: '1' });
    expect(managers(left)).toEqual([
      ['two', 'Apply', { 'f:data': { 'f:b': {} } }],
      ['one', 'Apply', { 'f:data': { 'f:c': {} } }],
    ]);
  });

  it('refuses to take fields from others, and names them', () => {
    const given = new GivenStore();
    apply(given, { data: { a: '1', b: '1' } });
    const refused = apply(given, { data: { a: '2', b: '2' } }, { by: 'two' });
    expect(refused).toMatchObject({
      code: 409,
      body: {
        reason: 'Conflict',
        message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
      },
    });
    const taken = apply(given, { data: { a: '2' } }, { by: 'two', force: true });
    expect(at(taken, 'data')).toEqual({ a: '2', b: '1' });
    expect(managers(taken)).toContainEqual(['one', 'Apply', { 'f:data': { 'f:b': {} } }]);
  });

  it('takes a field from who updated it only by force, and tells when that was', () => {
    const given = new GivenStore();
    given.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c' },
      data: { a: '1' },
    });
    expect(at(apply(given, { data: { a: '2' } }), 'message')).toBe(
      'Apply failed with 1 conflict: conflict with "curl" using v1 at 2026-11-21T03:00:00Z: .data.a',
    );
  });

  it('loses to an update what the update gives another value', () => {
    const given = new GivenStore();
    apply(given, { data: { a: '1', b: '1' } });
    const merged = given.merge('configmaps', 'c', { data: { a: '3' } }, { by: 'editor' });
    expect(managers(merged)).toEqual([
      ['one', 'Apply', { 'f:data': { 'f:b': {} } }],
      ['editor', 'Update', { 'f:data': { 'f:a': {} } }],
    ]);
  });

  it('stores nothing in a dry run', () => {
    const given = new GivenStore();
    expect(apply(given, { data: { a: '1' } }, { dryRun: true }).code).toBe(201);
    expect(given.get('configmaps', 'c').code).toBe(404);
  });

  it('refuses fields that the schema does not declare', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer = given.store.handle({
      verb: 'patch',
      patch: 'apply',
      resource: { group: 'test.rollcall.dev', version: 'v1beta1', plural: 'sets' },
      namespace: 'default',
      name: 'a',
      caller: { user: 'tester', groups: [] },
      fieldManager: 'one',
      body: aSet('a', { spec: { nosuch: 1 } }),
    });
    expect(answer).toMatchObject({
      code: 500,
      body: { message: expect.stringContaining('.spec.nosuch: field not declared in schema') },
    });
  });

  it('finds the items of a keyed list by their keys', () => {
    const given = new GivenStore();
    const resource = { group: '', version: 'v1', plural: 'services' };
    const send = (by: string, ports: readonly unknown[]) =>
      given.store.handle({
        verb: 'patch',
        patch: 'apply',
        resource,
        namespace: 'default',
        name: 's',
        caller: { user: 'tester', groups: [] },
        fieldManager: by,
        body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports } },
      });
    send('one', [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
    const both = send('two', [{ port: 81, protocol: 'TCP', targetPort: 81 }]);
    expect(at(both, 'spec.ports')).toMatchObject([{ port: 81 }, { port: 80 }]);
    const less = send('one', []);
    expect(at(less, 'spec.ports')).toMatchObject([{ port: 81 }]);
  });
});
