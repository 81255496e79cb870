import { describe, expect, it } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { GivenStore, aSet, at } from './given-store.ts';
import type { StoreAnswer } from './types.ts';

/** The answered object with other fields, to be sent back. */
function changed({ body }: StoreAnswer, more: Readonly<Record<string, unknown>>) {
  return isRecord(body) ? { ...body, ...more } : more;
}

const wide = { replicas: 2, selector: {} };

describe('PUT', () => {
  it('replaces the object and raises its generation', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const answer = given.put('sets', 'a', changed(first, { spec: wide }));
    expect(answer.code).toBe(200);
    expect(at(answer, 'spec')).toEqual(wide);
    expect(at(answer, 'metadata.generation')).toBe(2);
    expect(at(answer, 'metadata.uid')).toBe(at(first, 'metadata.uid'));
  });

  it('keeps the resourceVersion when nothing changes', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    given.told();
    expect(given.put('sets', 'a', first.body, { by: 'other' }).body).toEqual(first.body);
    expect(given.told()).toEqual([]);
  });

  it('ignores the status, and through /status everything else', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const status = { replicas: 1 };
    const metadata = { name: 'a', resourceVersion: at(first, 'metadata.resourceVersion') };
    const labelled = { ...metadata, labels: { via: 'status' }, finalizers: ['noslash'] };
    const sent = aSet('a', { metadata: labelled, spec: wide, status });
    const second = given.put('sets', 'a', sent, { at: 'status' });
    expect(second.body).toMatchObject({ spec: { replicas: 1 }, status });
    expect(second.warnings).toBeUndefined();
    expect(at(second, 'metadata.labels')).toBeUndefined();
    expect(at(second, 'metadata.generation')).toBe(1);
    const third = given.put('sets', 'a', changed(second, { spec: wide, status: { replicas: 77 } }));
    expect(third.body).toMatchObject({ spec: wide, status, metadata: { generation: 2 } });
  });

  it('raises the generation for any change but metadata where status has no door of its own', () => {
    const given = new GivenStore();
    given.create('gadgets', { ...aSet('g'), kind: 'Gadget' });
    const status = given.merge('gadgets', 'g', { status: { replicas: 1 } });
    expect(at(status, 'metadata.generation')).toBe(2);
    const label = given.merge('gadgets', 'g', { metadata: { labels: { a: 'b' } } });
    expect(at(label, 'metadata.generation')).toBe(2);
  });

  it('needs a resourceVersion for custom resources only', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer = given.put('sets', 'a', aSet('a'));
    expect(answer.body).toMatchObject({
      code: 422,
      message:
        'sets.test.rollcall.dev "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      details: { kind: 'sets' },
    });
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    given.create('configmaps', map);
    const stored = given.put('configmaps', 'c', { ...map, data: { a: 'b' } });
    expect(stored.code).toBe(200);
  });

  it('conflicts with a resourceVersion that is not the newest', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    given.merge('sets', 'a', { spec: { replicas: 5 } });
    const answer = given.put('sets', 'a', changed(first, { spec: wide }));
    expect(answer.body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on sets.test.rollcall.dev "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('conflicts with another uid, and refuses another name or namespace', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const { resourceVersion } = { resourceVersion: at(first, 'metadata.resourceVersion') };
    const withMeta = (more: Readonly<Record<string, unknown>>) =>
      given.put('sets', 'a', aSet('a', { metadata: { name: 'a', resourceVersion, ...more } }));
    expect(at(withMeta({ uid: 'u' }), 'message')).toBe(
      `Operation cannot be fulfilled on sets.test.rollcall.dev "a": StorageError: invalid object, Code: 4, Key: /registry/test.rollcall.dev/sets/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: ${String(at(first, 'metadata.uid'))}`,
    );
    expect(at(withMeta({ name: 'b' }), 'message')).toBe(
      'the name of the object (b) does not match the name on the URL (a)',
    );
    expect(withMeta({ namespace: 'x' }).code).toBe(400);
    expect(withMeta({ resourceVersion: 'abc' }).code).toBe(500);
    expect(withMeta({}).code).toBe(200);
  });

  it('of an object that is not there is 404', () => {
    expect(new GivenStore().put('sets', 'nosuch', aSet('nosuch')).code).toBe(404);
  });
});

describe('PATCH', () => {
  it('merges, removes by null, and keeps what it does not name', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a', { metadata: { name: 'a', labels: { a: '1', b: '2' } } }));
    const patch = { metadata: { labels: { a: null } }, spec: { paused: true } };
    const answer = given.merge('sets', 'a', patch);
    expect(answer.body).toMatchObject({
      metadata: { labels: { b: '2' }, generation: 2 },
      spec: { replicas: 1, paused: true },
    });
    const emptied = given.merge('sets', 'a', { metadata: { labels: { b: null } } });
    expect(at(emptied, 'metadata.labels')).toBeUndefined();
  });

  it('takes resourceVersion and uid in the body as preconditions', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const resourceVersion = at(first, 'metadata.resourceVersion');
    const uid = at(first, 'metadata.uid');
    const body = { metadata: { resourceVersion, uid }, spec: { replicas: 7 } };
    expect(given.merge('sets', 'a', body).code).toBe(200);
    expect(given.merge('sets', 'a', body).code).toBe(409);
    const other = given.merge('sets', 'a', { metadata: { uid: 'other' } });
    expect(other.code).toBe(422);
    const cause = {
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "other": field is immutable',
      field: 'metadata.uid',
    };
    expect(at(other, 'details.causes')).toEqual([cause, cause]);
  });

  it('refuses unknown fields with 422 when it is strict', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer = given.merge('sets', 'a', { spec: { nosuch: 1 } }, { fieldValidation: 'Strict' });
    expect(answer.code).toBe(422);
    expect(String(at(answer, 'message'))).toMatch(
      /^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "spec\.nosuch"$/,
    );
  });

  it('carries out a JSON patch whole or not at all', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const test = (value: number) => ({ op: 'test', path: '/spec/replicas', value });
    const replace = { op: 'replace', path: '/spec/replicas', value: 6 };
    expect(at(given.jsonPatch('sets', 'a', [test(1), replace]), 'spec.replicas')).toBe(6);
    const failed = given.jsonPatch('sets', 'a', [{ ...replace, value: 7 }, test(99)]);
    expect(failed.body).toMatchObject({
      code: 422,
      message: 'the server rejected our request due to an error in our request',
      details: {},
    });
    expect(at(given.get('sets', 'a'), 'spec.replicas')).toBe(6);
  });

  it.each([
    ['a JSON patch that is not a list', 'json', { op: 'add' }, 400],
    ['a merge patch that is a list', 'merge', [1], 400],
    ['a missing path', 'json', [{ op: 'remove', path: '/spec/nosuch' }], 422],
    ['a missing parent', 'json', [{ op: 'add', path: '/metadata/labels/x', value: 'y' }], 422],
    ['an operation that does not exist', 'json', [{ op: 'bogus', path: '/x' }], 422],
    ['another name', 'merge', { metadata: { name: 'b' } }, 400],
    ['another namespace', 'merge', { metadata: { namespace: 'b' } }, 400],
    ['another kind', 'merge', { kind: 'Other' }, 422],
    [
      'a deletionTimestamp',
      'merge',
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      422,
    ],
    ['a required field removed', 'merge', { spec: { selector: null } }, 422],
  ])('refuses %s', (_what, type, body, code) => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer =
      type === 'json' ? given.jsonPatch('sets', 'a', body) : given.merge('sets', 'a', body);
    expect(answer.code).toBe(code);
  });

  it('refuses a strategic merge of a custom resource', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    expect(given.strategic('sets', 'a', {}).body).toMatchObject({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    });
  });

  it('names the fields of a status from there, and looks at nothing else', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer = given.merge('sets', 'a', { status: { replicas: 'x' } }, { at: 'status' });
    expect(at(answer, 'details.causes.0')).toEqual({
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "string": replicas in body must be of type integer: "string"',
      field: 'status.replicas',
    });
    expect(given.merge('sets', 'a', { status: { replicas: -4 } }).code).toBe(200);
  });

  it('commits nothing when it is dry', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const answer = given.merge('sets', 'a', { spec: { replicas: 9 } }, { dryRun: true });
    expect(answer.body).toMatchObject({ spec: { replicas: 9 }, metadata: { generation: 2 } });
    expect(given.get('sets', 'a').body).toEqual(first.body);
  });
});
