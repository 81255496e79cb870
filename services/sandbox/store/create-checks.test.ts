import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';

describe('unknown fields', () => {
  const body = aSet('a', {
    metadata: { name: 'a', nosuchmeta: 1 },
    extra: true,
    spec: { selector: {}, nosuch: 1 },
  });
  const warnings = [
    'unknown field "metadata.nosuchmeta"',
    'unknown field "extra"',
    'unknown field "spec.nosuch"',
  ];

  it('are pruned and warned of', () => {
    const answer = new GivenStore().create('sets', body);
    expect(answer.code).toBe(201);
    expect(answer.warnings).toEqual(warnings);
    expect(at(answer, 'spec')).toEqual({ selector: {} });
    expect(at(answer, 'metadata.nosuchmeta')).toBeUndefined();
  });

  it('are pruned in silence when they are to be ignored', () => {
    const answer = new GivenStore().create('sets', body, { fieldValidation: 'Ignore' });
    expect(answer).not.toHaveProperty('warnings');
    expect(at(answer, 'spec.nosuch')).toBeUndefined();
  });

  it('are refused when the request is strict', () => {
    const answer = new GivenStore().create('sets', body, { fieldValidation: 'Strict' });
    expect(answer.code).toBe(400);
    expect(at(answer, 'message')).toBe(
      `Set in version "v1beta1" cannot be handled as a Set: strict decoding error: ${warnings.join(', ')}`,
    );
  });
});

describe('a create is refused', () => {
  it('when the object exists', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const answer = given.create('sets', aSet('a'));
    expect(answer.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'sets.test.rollcall.dev "a" already exists',
      reason: 'AlreadyExists',
      details: { name: 'a', group: 'test.rollcall.dev', kind: 'sets' },
      code: 409,
    });
  });

  it('when its namespace does not exist', () => {
    const answer = new GivenStore().create('sets', aSet('a'), { namespace: 'nosuchns' });
    expect(answer.code).toBe(404);
    expect(answer.body).toMatchObject({
      message: 'namespaces "nosuchns" not found',
      details: { name: 'nosuchns', kind: 'namespaces' },
    });
  });

  it('when its namespace is being deleted', () => {
    const given = new GivenStore();
    given.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'term' } });
    given.delete('namespaces', 'term');
    const answer = given.create('sets', aSet('x'), { namespace: 'term' });
    expect(answer.code).toBe(403);
    expect(answer.body).toMatchObject({
      message:
        'sets.test.rollcall.dev "x" is forbidden: unable to create new content in namespace term because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace term is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
  });

  it.each([
    ['another namespace', { metadata: { name: 'a', namespace: 'x' } }, 400, 'BadRequest'],
    ['a resourceVersion', { metadata: { name: 'a', resourceVersion: '5' } }, 500, undefined],
    ['another version', { apiVersion: 'v1' }, 400, 'BadRequest'],
    ['another kind', { kind: 'Other' }, 422, 'Invalid'],
    ['no kind', { kind: undefined }, 400, 'BadRequest'],
    ['metadata that are a list', { metadata: [] }, 400, 'BadRequest'],
    ['a name that is a number', { metadata: { name: 5 } }, 400, 'BadRequest'],
    ['no name', { metadata: {} }, 422, 'Invalid'],
    ['a bad name', { metadata: { name: 'Bad_Name' } }, 422, 'Invalid'],
    ['a long name', { metadata: { name: 'a'.repeat(254) } }, 422, 'Invalid'],
    ['a bad label', { metadata: { name: 'a', labels: { a: 'b c' } } }, 422, 'Invalid'],
    ['a bad annotation', { metadata: { name: 'a', annotations: { 'a b': '' } } }, 422, 'Invalid'],
    ['a bad finalizer', { metadata: { name: 'a', finalizers: ['a b/c'] } }, 422, 'Invalid'],
    ['a missing field', { spec: {} }, 422, 'Invalid'],
  ])('with %s', (_what, more, code, reason) => {
    const answer = new GivenStore().create('sets', aSet('a', more));
    expect(answer.code).toBe(code);
    expect(at(answer, 'reason')).toBe(reason);
  });

  it('with causes as the real server words them', () => {
    const answer = new GivenStore().create('sets', aSet('a', { metadata: {}, spec: {} }));
    const unchecked =
      'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    expect(at(answer, 'details')).toEqual({
      group: 'test.rollcall.dev',
      kind: 'Set',
      causes: [
        {
          reason: 'FieldValueRequired',
          message: 'Required value: name or generateName is required',
          field: 'metadata.name',
        },
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
        { reason: 'FieldValueInvalid', message: unchecked, field: '<nil>' },
      ],
    });
    expect(at(answer, 'message')).toBe(
      `Set.test.rollcall.dev "" is invalid: [metadata.name: Required value: name or generateName is required, spec.selector: Required value, <nil>: ${unchecked}]`,
    );
  });

  it('with two owners that control', () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', controller: true };
    const ownerReferences = [
      { ...owner, uid: 'u1' },
      { ...owner, uid: 'u2' },
    ];
    const answer = new GivenStore().create(
      'sets',
      aSet('a', { metadata: { name: 'a', ownerReferences } }),
    );
    expect(String(at(answer, 'message'))).toMatch(
      /Only one reference can have Controller set to true\. Found "true" in references for ConfigMap\/c and ConfigMap\/c$/,
    );
  });

  it('with a path that nobody serves', () => {
    expect(new GivenStore().create('v9/sets', aSet('a')).code).toBe(404);
  });
});
