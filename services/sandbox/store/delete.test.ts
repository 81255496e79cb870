import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';

function held(name: string, finalizers: readonly string[] = ['example.com/f']) {
  return aSet(name, { metadata: { name, finalizers, labels: { g: '1' } } });
}

describe('DELETE', () => {
  it('takes an object without finalizers away at once and answers its uid', () => {
    const given = new GivenStore();
    const made = given.create('sets', aSet('a'));
    expect(given.delete('sets', 'a').body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: {
        name: 'a',
        group: 'test.rollcall.dev',
        kind: 'sets',
        uid: at(made, 'metadata.uid'),
      },
    });
    expect(given.get('sets', 'a').code).toBe(404);
    const last = given.changes.at(-1);
    expect(last).toMatchObject({ type: 'DELETED', previous: made.body });
    expect(last?.object.metadata.resourceVersion).toBe(String(given.store.resourceVersion));
    expect(last?.object.metadata.deletionTimestamp).toBeUndefined();
  });

  it('marks an object with finalizers, once', () => {
    const given = new GivenStore();
    given.create('sets', held('a'));
    given.clock.advance(1500);
    const answer = given.delete('sets', 'a', { gracePeriodSeconds: 30 });
    expect(at(answer, 'metadata')).toMatchObject({
      deletionTimestamp: '2026-11-21T03:00:01Z',
      deletionGracePeriodSeconds: 0,
      generation: 2,
      finalizers: ['example.com/f'],
    });
    given.told();
    expect(given.delete('sets', 'a').body).toEqual(answer.body);
    expect(given.told()).toEqual([]);
  });

  it('ends with the last finalizer: the answer keeps the version, the event has a new one', () => {
    const given = new GivenStore();
    given.create('sets', held('a'));
    const marked = given.delete('sets', 'a');
    const answer = given.merge('sets', 'a', { metadata: { finalizers: null } });
    expect(answer.code).toBe(200);
    expect(at(answer, 'metadata.finalizers')).toBeUndefined();
    expect(at(answer, 'metadata.resourceVersion')).toBe(at(marked, 'metadata.resourceVersion'));
    const last = given.changes.at(-1);
    expect(last?.type).toBe('DELETED');
    expect(last?.object.metadata).toMatchObject({
      finalizers: ['example.com/f'],
      resourceVersion: String(given.store.resourceVersion),
    });
    expect(given.get('sets', 'a').code).toBe(404);
  });

  it('lets the spec change while finalizers hold, and takes no new ones', () => {
    const given = new GivenStore();
    given.create('sets', held('a'));
    given.delete('sets', 'a');
    expect(at(given.merge('sets', 'a', { spec: { replicas: 9 } }), 'metadata.generation')).toBe(3);
    const more = { metadata: { finalizers: ['example.com/f', 'example.com/more'] } };
    const answer = given.merge('sets', 'a', more);
    expect(answer.code).toBe(422);
    expect(at(answer, 'message')).toBe(
      'Set.test.rollcall.dev "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
    );
    expect(at(answer, 'details.causes')).toHaveLength(2);
  });

  it('adds and changes the finalizer of its propagation policy without a new generation', () => {
    const given = new GivenStore();
    given.create('sets', held('a'));
    given.delete('sets', 'a');
    const foreground = given.delete('sets', 'a', { propagationPolicy: 'Foreground' });
    expect(at(foreground, 'metadata.finalizers')).toEqual(['example.com/f', 'foregroundDeletion']);
    expect(at(foreground, 'metadata.generation')).toBe(2);
    const orphan = given.delete('sets', 'a', { propagationPolicy: 'Orphan' });
    expect(at(orphan, 'metadata.finalizers')).toEqual(['example.com/f', 'orphan']);
    const background = given.delete('sets', 'a', { propagationPolicy: 'Background' });
    expect(at(background, 'metadata.finalizers')).toEqual(['example.com/f']);
  });

  it('holds its preconditions, which name the kind', () => {
    const given = new GivenStore();
    const made = given.create('sets', aSet('a'));
    const uid = String(at(made, 'metadata.uid'));
    const resourceVersion = String(at(made, 'metadata.resourceVersion'));
    expect(given.delete('sets', 'a', { preconditions: { uid: 'u' } }).body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on Set.test.rollcall.dev "a": the UID in the precondition (u) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
      details: { name: 'a', group: 'test.rollcall.dev', kind: 'Set' },
    });
    const stale = given.delete('sets', 'a', { preconditions: { resourceVersion: '1' } });
    expect(at(stale, 'message')).toBe(
      `Operation cannot be fulfilled on Set.test.rollcall.dev "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
    const preconditions = { uid, resourceVersion };
    expect(given.delete('sets', 'a', { preconditions }).code).toBe(200);
    expect(given.delete('sets', 'a').code).toBe(404);
  });

  it('answers the object of a claim that is gone', () => {
    const given = new GivenStore();
    const body = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec: {},
    };
    given.create('persistentvolumeclaims', body);
    given.merge('persistentvolumeclaims', 'c', { metadata: { finalizers: null } });
    expect(at(given.delete('persistentvolumeclaims', 'c'), 'kind')).toBe('PersistentVolumeClaim');
  });
});

describe('deletecollection', () => {
  it('answers the list as it was, and deletes what a selector and a limit leave', () => {
    const given = new GivenStore();
    for (const name of ['c1', 'c2']) given.create('sets', held(name, []));
    given.create('sets', held('c3'));
    given.create('sets', aSet('other'));
    given.told();
    const first = given.deleteAll('sets', { labelSelector: 'g=1', limit: 1 });
    expect(at(first, 'items.0.metadata.name')).toBe('c1');
    expect(at(first, 'items.1')).toBeUndefined();
    expect(at(first, 'metadata.continue')).not.toBe('');
    expect(at(first, 'metadata.remainingItemCount')).toBeUndefined();
    const rest = given.deleteAll('sets', { labelSelector: 'g=1' });
    expect(at(rest, 'items.1.metadata.deletionTimestamp')).toBeUndefined();
    expect(given.told()).toEqual(['DELETED c1', 'DELETED c2', 'MODIFIED c3']);
    expect(given.get('sets', 'other').code).toBe(200);
  });
});
