import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';

function givenSet(): GivenStore {
  const given = new GivenStore();
  given.create('sets', aSet('a'));
  given.merge('sets', 'a', { status: { replicas: 3, labelSelector: 'p=a' } }, { at: 'status' });
  return given;
}

const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' } };

describe('/scale', () => {
  it('tells size, selector and just enough metadata', () => {
    const given = givenSet();
    const { body } = given.get('sets', 'a');
    const answer = given.get('sets', 'a', { at: 'scale' });
    expect(answer.body).toEqual({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: at({ code: 200, body }, 'metadata.uid'),
        resourceVersion: String(given.store.resourceVersion),
        creationTimestamp: '2026-11-21T03:00:00Z',
      },
      spec: { replicas: 1 },
      status: { replicas: 3, selector: 'p=a' },
    });
  });

  it('sets the size by PUT without a resourceVersion, and raises the generation', () => {
    const given = givenSet();
    const answer = given.put('sets', 'a', { ...scale, spec: { replicas: 5 } }, { at: 'scale' });
    expect(answer.body).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } });
    expect(given.get('sets', 'a').body).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 5, selector: { matchLabels: { p: 'a' } } },
    });
  });

  it('keeps the resourceVersion when the size is the same', () => {
    const given = givenSet();
    const before = given.store.resourceVersion;
    expect(given.merge('sets', 'a', { spec: { replicas: 1 } }, { at: 'scale' }).code).toBe(200);
    expect(given.store.resourceVersion).toBe(before);
  });

  it('sets 0 when no size is sent, and leaves it out of the answer', () => {
    const given = givenSet();
    expect(at(given.put('sets', 'a', scale, { at: 'scale' }), 'spec')).toEqual({});
    expect(at(given.get('sets', 'a'), 'spec.replicas')).toBe(0);
  });

  it('works through another version and through a JSON patch', () => {
    const given = givenSet();
    given.merge('v1alpha1/sets', 'a', { spec: { replicas: 4 } }, { at: 'scale' });
    const patch = [
      { op: 'test', path: '/spec/replicas', value: 4 },
      { op: 'replace', path: '/spec/replicas', value: 6 },
    ];
    expect(at(given.jsonPatch('sets', 'a', patch, { at: 'scale' }), 'spec.replicas')).toBe(6);
    expect(given.jsonPatch('sets', 'a', patch, { at: 'scale' }).code).toBe(422);
  });

  it('changes nothing when it is dry', () => {
    const given = givenSet();
    const options = { at: 'scale', dryRun: true } as const;
    expect(at(given.merge('sets', 'a', { spec: { replicas: 9 } }, options), 'spec.replicas')).toBe(
      9,
    );
    expect(at(given.get('sets', 'a'), 'spec.replicas')).toBe(1);
  });

  it('is an error where the object has no size, which can be set nevertheless', () => {
    const given = givenSet();
    given.merge('sets', 'a', { spec: { replicas: null } });
    expect(given.get('sets', 'a', { at: 'scale' }).body).toMatchObject({
      code: 500,
      message: 'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
      details: { causes: [{ message: 'the spec replicas field ".spec.replicas" does not exist' }] },
    });
    expect(given.merge('sets', 'a', { spec: { replicas: 2 } }, { at: 'scale' }).code).toBe(200);
  });

  it('refuses a negative size with two causes that name the object', () => {
    const answer = givenSet().merge('sets', 'a', { spec: { replicas: -1 } }, { at: 'scale' });
    expect(answer.body).toMatchObject({
      code: 422,
      message:
        'Set.test.rollcall.dev "a" is invalid: [spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0, .spec.replicas: Invalid value: -1: should be a non-negative integer]',
    });
  });

  it.each([
    ['a stale resourceVersion', { metadata: { resourceVersion: '1' }, spec: { replicas: 9 } }, 409],
    ['another uid', { metadata: { uid: 'u' }, spec: { replicas: 9 } }, 409],
    ['another name', { metadata: { name: 'b' } }, 400],
    ['a size that is a text', { spec: { replicas: 'x' } }, 422],
    ['another version', { apiVersion: 'autoscaling/v2' }, 400],
  ])('refuses %s', (_what, body, code) => {
    expect(givenSet().merge('sets', 'a', body, { at: 'scale' }).code).toBe(code);
  });

  it('does not exist for an object or a kind that has none', () => {
    const given = new GivenStore();
    expect(given.get('sets', 'nosuch', { at: 'scale' }).code).toBe(404);
    given.create('gadgets', { ...aSet('g'), kind: 'Gadget' });
    expect(given.get('gadgets', 'g', { at: 'scale' }).code).toBe(404);
  });
});
