import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { RestoredChange } from './core.ts';
import { GivenStore, aSet, at, stillClock } from './given-store.ts';

const name = fc.constantFrom('a', 'b', 'c');
const finalizers = fc.constantFrom([], ['example.com/f'], ['example.com/g', 'example.com/f']);
const step = fc.oneof(
  fc.record({ do: fc.constant('create' as const), name, owner: fc.option(name), finalizers }),
  fc.record({ do: fc.constant('scale' as const), name, replicas: fc.integer({ min: -1, max: 5 }) }),
  fc.record({ do: fc.constant('status' as const), name, replicas: fc.nat(5) }),
  fc.record({ do: fc.constant('label' as const), name, value: fc.constantFrom('x', 'y', null) }),
  fc.record({ do: fc.constant('free' as const), name }),
  fc.record({
    do: fc.constant('delete' as const),
    name,
    propagationPolicy: fc.constantFrom('Background', 'Foreground', 'Orphan'),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function take(given: GivenStore, taken: Step): void {
  switch (taken.do) {
    case 'create': {
      const owner = taken.owner === null ? undefined : given.get('sets', taken.owner);
      const uid = owner?.code === 200 ? String(at(owner, 'metadata.uid')) : 'dead';
      const apiVersion = 'test.rollcall.dev/v1beta1';
      const reference = { apiVersion, kind: 'Set', name: taken.owner ?? '', uid };
      const ownerReferences =
        owner === undefined ? [] : [{ ...reference, blockOwnerDeletion: true }];
      const metadata = { name: taken.name, finalizers: taken.finalizers, ownerReferences };
      given.create('sets', aSet(taken.name, { metadata }));
      return;
    }
    case 'scale':
      given.merge('sets', taken.name, { spec: { replicas: taken.replicas } }, { at: 'scale' });
      return;
    case 'status':
      given.merge('sets', taken.name, { status: { replicas: taken.replicas } }, { at: 'status' });
      return;
    case 'label':
      given.merge('sets', taken.name, { metadata: { labels: { l: taken.value } } });
      return;
    case 'free':
      given.merge('sets', taken.name, { metadata: { finalizers: null } });
      return;
    case 'delete':
      given.delete('sets', taken.name, { propagationPolicy: taken.propagationPolicy });
      return;
    case 'wait':
      given.clock.advance(taken.ms);
  }
}

it('equals the replay of its changes, and its past the replay of a part of them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const kept: RestoredChange[] = [];
      const append = (change: RestoredChange): void => {
        const { type, resourceVersion, object } = change;
        kept.push({ type, resourceVersion, object: JSON.parse(JSON.stringify(object)) });
      };
      const given = new GivenStore({ journal: { append } });
      const middle = given.store.resourceVersion + Math.floor(steps.length / 2);
      for (const each of steps) take(given, each);
      const { store } = given;

      const restore = (changes: readonly RestoredChange[]): GivenStore =>
        new GivenStore({ restored: { resourceVersion: 0, objects: [], changes } }, stillClock());
      const replayed = restore(kept).store;
      expect(replayed.dump()).toEqual(store.dump());
      expect(replayed.resourceVersion).toBe(store.resourceVersion);

      if (middle > store.resourceVersion) return;
      const exact = { resourceVersion: String(middle), resourceVersionMatch: 'Exact' };
      const past = restore(kept.filter((change) => change.resourceVersion <= middle));
      expect(at(given.list('sets', exact), 'items')).toEqual(at(past.list('sets'), 'items'));
    }),
    { numRuns: 100 },
  );
});

it('leaves nobody behind whose owners are all gone, once it is quiet', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const given = new GivenStore();
      for (const each of steps) take(given, each);
      for (const each of ['a', 'b', 'c'] as const) take(given, { do: 'free', name: each });
      given.clock.advance(5000);
      const living = given.store.dump().filter(({ kind }) => kind === 'Set');
      const uids = new Set(living.map(({ metadata }) => metadata.uid));
      for (const { metadata } of living) {
        expect(metadata.deletionTimestamp).toBeUndefined();
        for (const owner of metadata.ownerReferences ?? []) expect(uids).toContain(owner.uid);
      }
    }),
    { numRuns: 100 },
  );
});
