import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';
import type { KubeOwner } from './types.ts';

type Made = { readonly kind: string; readonly path: string; readonly name: string };

/** Makes an object, owned by others, and answers a reference to it. */
function make(
  given: GivenStore,
  { kind, path, name }: Made,
  owners: readonly KubeOwner[] = [],
  finalizers: readonly string[] = [],
): KubeOwner {
  const metadata = { name, ownerReferences: owners, finalizers };
  const isClaim = kind === 'PersistentVolumeClaim';
  const body = isClaim
    ? { apiVersion: 'v1', kind, metadata, spec: {} }
    : { ...aSet(name, { metadata }), kind };
  const answer = given.create(path, body);
  expect(answer.code).toBe(201);
  const uid = String(at(answer, 'metadata.uid'));
  const apiVersion = String(at(answer, 'apiVersion'));
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

const set = (name: string): Made => ({ kind: 'Set', path: 'sets', name });
const gadget = (name: string): Made => ({ kind: 'Gadget', path: 'gadgets', name });
const claim = (name: string): Made => ({
  kind: 'PersistentVolumeClaim',
  path: 'persistentvolumeclaims',
  name,
});

/** An owner of a gadget of a gadget of a claim: the shape of pool, machine, disk and claim. */
function givenChain(): GivenStore {
  const given = new GivenStore();
  const pool = make(given, set('gp'));
  const machine = make(given, gadget('gp-0'), [pool]);
  const disk = make(given, gadget('gp-dv'), [machine]);
  make(given, claim('gp-pvc2'), [machine]);
  make(given, claim('gp-pvc'), [disk]);
  given.clock.advance(1000);
  given.told();
  return given;
}

function releaseClaims(given: GivenStore): void {
  for (const name of ['gp-pvc', 'gp-pvc2']) {
    given.merge('persistentvolumeclaims', name, { metadata: { finalizers: null } });
  }
}

describe('deletion in the background', () => {
  it('takes the owner at once and its dependents after it, down to the protected claims', () => {
    const given = givenChain();
    given.delete('sets', 'gp', { propagationPolicy: 'Background' });
    expect(given.told()).toEqual(['DELETED gp']);
    given.clock.advance(100);
    expect(given.told()).toEqual([
      'DELETED gp-0',
      'DELETED gp-dv',
      'MODIFIED gp-pvc2',
      'MODIFIED gp-pvc',
    ]);
    expect(
      at(given.get('persistentvolumeclaims', 'gp-pvc'), 'metadata.deletionTimestamp'),
    ).toBeDefined();
    releaseClaims(given);
    expect(given.told()).toEqual(['DELETED gp-pvc', 'DELETED gp-pvc2']);
  });

  it('is the default', () => {
    const given = givenChain();
    given.delete('sets', 'gp');
    given.clock.advance(100);
    expect(given.get('gadgets', 'gp-dv').code).toBe(404);
  });

  it('takes a thousand dependents, a round of them at a time', () => {
    const given = new GivenStore();
    const owner = make(given, set('big'));
    for (let index = 0; index < 1000; index += 1) make(given, gadget(`g-${index}`), [owner]);
    given.delete('sets', 'big');
    given.told();
    given.clock.advance(5);
    expect(given.told()).toHaveLength(200);
    given.clock.advance(100);
    expect(given.told()).toHaveLength(800);
  });
});

describe('deletion in the foreground', () => {
  it('takes the dependents first, then the owner', () => {
    const given = givenChain();
    const answer = given.delete('sets', 'gp', { propagationPolicy: 'Foreground' });
    expect(at(answer, 'metadata.finalizers')).toEqual(['foregroundDeletion']);
    given.clock.advance(100);
    const told = given.told();
    expect(told.slice(0, 2)).toEqual(['MODIFIED gp', 'MODIFIED gp-0']);
    expect(told.toSorted()).toEqual([
      'MODIFIED gp',
      'MODIFIED gp-0',
      'MODIFIED gp-dv',
      'MODIFIED gp-pvc',
      'MODIFIED gp-pvc2',
    ]);
    expect(at(given.get('gadgets', 'gp-0'), 'metadata.finalizers')).toEqual(['foregroundDeletion']);
    releaseClaims(given);
    given.clock.advance(100);
    expect(given.told()).toEqual([
      'DELETED gp-pvc',
      'DELETED gp-pvc2',
      'DELETED gp-dv',
      'DELETED gp-0',
      'DELETED gp',
    ]);
  });

  it('ends at once where nobody depends', () => {
    const given = new GivenStore();
    make(given, set('alone'));
    given.delete('sets', 'alone', { propagationPolicy: 'Foreground' });
    given.clock.advance(10);
    expect(given.get('sets', 'alone').code).toBe(404);
  });

  it('waits for a dependent that a finalizer holds, and not for one that does not block', () => {
    const given = new GivenStore();
    const owner = make(given, set('gp'));
    make(given, gadget('blocks'), [owner], ['example.com/hold']);
    make(given, gadget('free'), [{ ...owner, blockOwnerDeletion: false }], ['example.com/hold']);
    given.delete('sets', 'gp', { propagationPolicy: 'Foreground' });
    given.clock.advance(1000);
    expect(at(given.get('gadgets', 'free'), 'metadata.deletionTimestamp')).toBeDefined();
    expect(given.get('sets', 'gp').code).toBe(200);
    given.merge('gadgets', 'blocks', { metadata: { finalizers: null } });
    given.clock.advance(10);
    expect(given.get('sets', 'gp').code).toBe(404);
    expect(given.get('gadgets', 'free').code).toBe(200);
  });
});

describe('deletion that orphans', () => {
  it('takes the references away and leaves the dependents', () => {
    const given = givenChain();
    given.delete('gadgets', 'gp-0', { propagationPolicy: 'Orphan' });
    given.clock.advance(100);
    expect(given.told()).toEqual([
      'MODIFIED gp-0',
      'MODIFIED gp-dv',
      'MODIFIED gp-pvc2',
      'DELETED gp-0',
    ]);
    const disk = given.get('gadgets', 'gp-dv');
    expect(at(disk, 'metadata.ownerReferences')).toBeUndefined();
    expect(at(disk, 'metadata.generation')).toBe(1);
    expect(at(disk, 'metadata.managedFields')).toMatchObject([{ manager: 'curl' }]);
    expect(given.get('sets', 'gp').code).toBe(200);
  });
});

describe('a reference', () => {
  const dead = {
    apiVersion: 'test.rollcall.dev/v1beta1',
    kind: 'Set',
    name: 'gp',
    uid: '00000000-0000-0000-0000-000000000009',
  };

  it('to another uid or to nothing gets its object collected within 10 ms', () => {
    const given = new GivenStore();
    make(given, set('gp'));
    make(given, gadget('wrong-uid'), [dead]);
    make(given, gadget('missing-owner'), [{ ...dead, name: 'nosuch' }]);
    given.told();
    given.clock.advance(10);
    expect(given.told()).toEqual(['DELETED wrong-uid', 'DELETED missing-owner']);
  });

  it('to the right uid under a wrong name or kind counts as dead', () => {
    const given = new GivenStore();
    const owner = make(given, set('gp'));
    make(given, gadget('named'), [{ ...owner, name: 'other' }]);
    make(given, gadget('kinded'), [{ ...owner, kind: 'Gadget' }]);
    make(given, gadget('right'), [owner]);
    given.clock.advance(10);
    expect(given.get('gadgets', 'named').code).toBe(404);
    expect(given.get('gadgets', 'kinded').code).toBe(404);
    expect(given.get('gadgets', 'right').code).toBe(200);
  });

  it('to a dead owner goes while another owner lives', () => {
    const given = new GivenStore();
    const first = make(given, set('o1'));
    const second = { ...make(given, set('o2')), controller: false };
    make(given, gadget('two'), [first, second]);
    given.delete('sets', 'o1');
    given.clock.advance(10);
    const two = given.get('gadgets', 'two');
    expect(at(two, 'metadata.ownerReferences')).toEqual([second]);
    expect(at(two, 'metadata.generation')).toBe(1);
    given.delete('sets', 'o2');
    given.clock.advance(10);
    expect(given.get('gadgets', 'two').code).toBe(404);
  });

  it('that is added later counts as well', () => {
    const given = new GivenStore();
    make(given, gadget('late'));
    given.merge('gadgets', 'late', { metadata: { ownerReferences: [dead] } });
    given.clock.advance(10);
    expect(given.get('gadgets', 'late').code).toBe(404);
  });

  it('of a chain of gone owners is followed after a restart', () => {
    const given = givenChain();
    given.delete('sets', 'gp');
    const { store, clock } = given;
    const restored = { resourceVersion: store.resourceVersion, objects: store.dump(), changes: [] };
    const again = new GivenStore({ restored }, clock);
    clock.advance(100);
    expect(again.get('gadgets', 'gp-dv').code).toBe(404);
  });
});
