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
