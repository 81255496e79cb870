import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at, namesIn } from './given-store.ts';

describe('the store', () => {
  it('counts one resourceVersion for all kinds', () => {
    const given = new GivenStore();
    const before = given.store.resourceVersion;
    given.create('sets', aSet('a'));
    given.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } });
    expect(given.store.resourceVersion).toBe(before + 2);
    expect(given.changes.map((change) => change.resourceVersion)).toEqual([before + 1, before + 2]);
  });

  it('tells what stood there before', () => {
    const given = new GivenStore();
    const first = given.create('sets', aSet('a'));
    const second = given.merge('sets', 'a', { spec: { replicas: 2 } });
    expect(given.changes[0]?.previous).toBeUndefined();
    expect(given.changes[1]).toMatchObject({ previous: first.body, object: second.body });
  });

  it('tells everyone the same order, even when a listener writes', () => {
    const given = new GivenStore();
    const late: string[] = [];
    given.store.subscribe(({ type, object }) => {
      if (type === 'ADDED') given.merge('sets', object.metadata.name, { spec: { paused: true } });
    });
    given.store.subscribe(({ type, object }) => late.push(`${type} ${object.metadata.name}`));
    given.create('sets', aSet('a'));
    expect(late).toEqual(['ADDED a', 'MODIFIED a']);
    expect(given.told()).toEqual(late);
  });

  it('stops telling who has unsubscribed', () => {
    const given = new GivenStore();
    const told: number[] = [];
    const stop = given.store.subscribe((change) => told.push(change.resourceVersion));
    given.create('sets', aSet('a'));
    stop();
    given.create('sets', aSet('b'));
    expect(told).toHaveLength(1);
  });

  it('knows the changes since a version, or says that they are gone', () => {
    const given = new GivenStore({ historySize: 4 });
    const start = given.store.resourceVersion;
    for (let index = 0; index < 30; index += 1) given.create('sets', aSet(`s-${index}`));
    const { resourceVersion, oldestVersion } = given.store;
    expect(resourceVersion).toBe(start + 30);
    expect(given.store.changesSince(resourceVersion)).toEqual([]);
    expect(given.store.changesSince(oldestVersion)).toHaveLength(resourceVersion - oldestVersion);
    expect(resourceVersion - oldestVersion).toBeGreaterThanOrEqual(4);
    expect(given.store.changesSince(oldestVersion - 1)).toBe('gone');
    expect(given.store.changesSince(1)).toBe('gone');
  });

  it('tells an object in another version of its kind', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const [change] = given.changes;
    const other = change && given.store.inVersion(change.object, 'v1alpha1');
    expect(other?.apiVersion).toBe('test.rollcall.dev/v1alpha1');
    expect(change && given.store.inVersion(change.object, 'v1beta1')).toBe(change?.object);
  });

  it('does the same again with the same parts and requests', () => {
    const run = (): unknown => {
      const given = new GivenStore();
      given.create('sets', aSet('a'));
      given.create('sets', aSet('', { metadata: { generateName: 'g-' } }));
      given.merge('sets', 'a', { spec: { replicas: 3 } });
      given.delete('sets', 'a', { propagationPolicy: 'Foreground' });
      given.clock.advance(1000);
      return given.store.dump();
    };
    expect(run()).toEqual(run());
  });
});

describe('an event', () => {
  const event = { apiVersion: 'v1', kind: 'Event', reason: 'R', involvedObject: { name: 'a' } };

  it('is gone an hour after it was last written', () => {
    const given = new GivenStore();
    const minuteMs = 60_000;
    given.create('events', { ...event, metadata: { name: 'a.1' } });
    given.create('events', { ...event, metadata: { name: 'a.2' } });
    given.clock.advance(40 * minuteMs);
    given.merge('events', 'a.2', { count: 2 });
    given.clock.advance(30 * minuteMs);
    expect(namesIn(given.list('events'))).toEqual(['a.2']);
    expect(given.told().at(-1)).toBe('DELETED a.1');
    given.clock.advance(40 * minuteMs);
    expect(namesIn(given.list('events'))).toEqual([]);
    expect(at(given.list('events'), 'kind')).toBe('EventList');
  });
});
