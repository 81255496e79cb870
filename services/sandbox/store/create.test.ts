import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';

describe('a create', () => {
  it('answers the object with what the server adds, and replaces what only the server may say', () => {
    const given = new GivenStore();
    const metadata = {
      name: 'a',
      uid: 'mine',
      creationTimestamp: '2001-01-01T00:00:00Z',
      generation: 9,
      deletionTimestamp: '2001-01-01T00:00:00Z',
      selfLink: 'x',
    };
    const answer = given.create('sets', aSet('a', { metadata }));
    expect(answer.code).toBe(201);
    expect(answer.warnings).toBeUndefined();
    expect(at(answer, 'metadata')).toMatchObject({
      name: 'a',
      namespace: 'default',
      generation: 1,
      creationTimestamp: '2026-11-21T03:00:00Z',
      resourceVersion: String(given.store.resourceVersion),
    });
    expect(at(answer, 'metadata.uid')).toMatch(/^00000000-/);
    expect(at(answer, 'metadata.deletionTimestamp')).toBeUndefined();
    expect(at(answer, 'metadata.selfLink')).toBeUndefined();
  });

  it('drops a status where the status has a door of its own, and keeps it where it has none', () => {
    const given = new GivenStore();
    const status = { replicas: 9 };
    expect(at(given.create('sets', aSet('a', { status })), 'status')).toBeUndefined();
    const gadget = { ...aSet('g', { status }), kind: 'Gadget' };
    expect(at(given.create('gadgets', gadget), 'status')).toEqual(status);
  });

  it('answers in the version of the request and stores in the storage version', () => {
    const given = new GivenStore();
    const body = { ...aSet('a'), apiVersion: 'test.rollcall.dev/v1alpha1' };
    const answer = given.create('v1alpha1/sets', body);
    expect(at(answer, 'apiVersion')).toBe('test.rollcall.dev/v1alpha1');
    expect(at(given.get('sets', 'a'), 'apiVersion')).toBe('test.rollcall.dev/v1beta1');
    expect(given.changes.at(-1)?.object.apiVersion).toBe('test.rollcall.dev/v1beta1');
  });

  it('is not shared with the body it came from', () => {
    const given = new GivenStore();
    const labels = { a: '1' };
    given.create('sets', aSet('a', { metadata: { name: 'a', labels } }));
    labels.a = '2';
    expect(at(given.get('sets', 'a'), 'metadata.labels')).toEqual({ a: '1' });
  });

  it('makes a name out of generateName', () => {
    const given = new GivenStore();
    const answer = given.create('sets', aSet('', { metadata: { generateName: 'gen-' } }));
    expect(at(answer, 'metadata.name')).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const long = given.create('sets', aSet('', { metadata: { generateName: 'g'.repeat(70) } }));
    expect(String(at(long, 'metadata.name'))).toHaveLength(63);
  });

  it('commits nothing when it is dry', () => {
    const given = new GivenStore();
    const before = given.store.resourceVersion;
    const answer = given.create('sets', aSet('a'), { dryRun: true });
    expect(answer.code).toBe(201);
    expect(at(answer, 'metadata.resourceVersion')).toBeUndefined();
    expect(given.store.resourceVersion).toBe(before);
    expect(given.get('sets', 'a').code).toBe(404);
  });

  it('keeps one of two equal owner references and warns', () => {
    const given = new GivenStore();
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u1' };
    const ownerReferences = [owner, owner];
    const answer = given.create('sets', aSet('a', { metadata: { name: 'a', ownerReferences } }));
    expect(at(answer, 'metadata.ownerReferences')).toEqual([owner]);
    expect(answer.warnings).toEqual([
      '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u1',
    ]);
  });

  it('warns of a finalizer without a domain', () => {
    const given = new GivenStore();
    const metadata = { name: 'a', finalizers: ['noslash'] };
    expect(given.create('sets', aSet('a', { metadata })).warnings).toEqual([
      'metadata.finalizers: "noslash": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
    ]);
  });
});

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

describe('built-in kinds', () => {
  it('have no generation, and a claim begins pending and protected', () => {
    const answer = new GivenStore().create('persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      status: { phase: 'Bound' },
    });
    expect(answer.code).toBe(201);
    expect(at(answer, 'metadata.generation')).toBeUndefined();
    expect(at(answer, 'metadata.finalizers')).toEqual(['kubernetes.io/pvc-protection']);
    expect(at(answer, 'status')).toEqual({ phase: 'Pending' });
    expect(at(answer, 'spec.volumeMode')).toBe('Filesystem');
  });

  it('turn stringData of a secret into data', () => {
    const answer = new GivenStore().create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { a: 'b' },
    });
    expect(answer.body).toMatchObject({ type: 'Opaque', data: { a: 'Yg==' } });
    expect(at(answer, 'stringData')).toBeUndefined();
  });
});
