import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at, gadgetCrd, namesIn } from './given-store.ts';

function givenNamespace(): GivenStore {
  const given = new GivenStore();
  given.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lab' } });
  return given;
}

describe('a namespace', () => {
  it('is active, labelled and held by its own finalizer', () => {
    expect(givenNamespace().get('namespaces', 'lab').body).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'lab' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('keeps its finalizer whatever a client sends', () => {
    const given = givenNamespace();
    given.merge('namespaces', 'lab', { spec: { finalizers: null } });
    expect(at(given.get('namespaces', 'lab'), 'spec.finalizers')).toEqual(['kubernetes']);
  });

  it('is terminating until it is empty, then gone', () => {
    const given = givenNamespace();
    given.create('sets', aSet('a'), { namespace: 'lab' });
    const finalizers = ['example.com/f'];
    const held = aSet('held', { metadata: { name: 'held', finalizers } });
    given.create('sets', held, { namespace: 'lab' });
    given.create('sets', aSet('elsewhere'));
    given.told();
    const answer = given.delete('namespaces', 'lab');
    expect(answer.body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    expect(at(answer, 'metadata.deletionGracePeriodSeconds')).toBeUndefined();
    given.clock.advance(5000);
    expect(given.told()).toEqual(['MODIFIED lab', 'DELETED a', 'MODIFIED held']);
    given.merge('sets', 'held', { metadata: { finalizers: null } }, { namespace: 'lab' });
    given.clock.advance(10);
    expect(given.told()).toEqual(['DELETED held', 'DELETED lab']);
    expect(given.get('sets', 'elsewhere').code).toBe(200);
  });

  it('that was terminating is ended after a restart, and the first ones keep their uids', () => {
    const given = givenNamespace();
    given.delete('namespaces', 'lab');
    const { store, clock } = given;
    const restored = { resourceVersion: store.resourceVersion, objects: store.dump(), changes: [] };
    const again = new GivenStore({ restored, uid: () => 'new' }, clock);
    clock.advance(10);
    expect(again.get('namespaces', 'lab').code).toBe(404);
    const uidIn = (one: GivenStore) => at(one.get('namespaces', 'kube-system'), 'metadata.uid');
    expect(uidIn(again)).toBe(uidIn(given));
  });
});

describe('a CustomResourceDefinition', () => {
  it('is established at once and served', () => {
    const given = new GivenStore();
    const crd = given.get('customresourcedefinitions', 'gadgets.test.rollcall.dev');
    expect(at(crd, 'status')).toMatchObject({
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      acceptedNames: {
        plural: 'gadgets',
        singular: 'gadget',
        kind: 'Gadget',
        listKind: 'GadgetList',
      },
      storedVersions: ['v1beta1'],
    });
    const plurals = given.store.definitions().map(({ plural }) => plural);
    expect(plurals).toContain('gadgets');
  });

  it('changes what is served when it changes', () => {
    const given = new GivenStore();
    const name = 'gadgets.test.rollcall.dev';
    const patch = [{ op: 'replace', path: '/spec/versions/1/served', value: false }];
    expect(given.list('v1alpha1/gadgets').code).toBe(200);
    expect(given.jsonPatch('customresourcedefinitions', name, patch).code).toBe(200);
    expect(given.list('v1alpha1/gadgets').code).toBe(404);
    expect(at(given.get('customresourcedefinitions', name), 'metadata.generation')).toBeUndefined();
  });

  it('takes its objects with it, whatever holds them', () => {
    const given = new GivenStore();
    const metadata = { name: 'g', finalizers: ['example.com/f'] };
    given.create('gadgets', { ...aSet('g', { metadata }), kind: 'Gadget' });
    given.told();
    given.delete('customresourcedefinitions', 'gadgets.test.rollcall.dev');
    expect(given.told()).toEqual(['DELETED g', 'DELETED gadgets.test.rollcall.dev']);
    expect(given.list('gadgets').code).toBe(404);
    given.create('customresourcedefinitions', gadgetCrd);
    expect(namesIn(given.list('gadgets'))).toEqual([]);
  });

  it('is refused under another name than its own', () => {
    const answer = new GivenStore().create('customresourcedefinitions', {
      ...gadgetCrd,
      metadata: { name: 'other' },
    });
    expect(answer.code).toBe(422);
    expect(String(at(answer, 'message'))).toContain('must be spec.names.plural+"."+spec.group');
  });
});
