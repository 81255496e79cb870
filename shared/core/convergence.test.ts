import { expect, test } from 'vitest';
import { desiredOf } from './objects.ts';
import { Model } from './testing/model.ts';
import { aPool, aReplicaSet, aTemplateWithDisks } from './testing/objects.ts';

const seeds = Array.from({ length: 25 }, (_, seed) => seed);

function expectAtSize(model: Model): void {
  const { set } = model.cluster;
  if (set === undefined) throw new Error('the set stands');
  if (set.paused) return;
  expect(model.members().length).toBe(desiredOf(set));
  expect(set.status.replicas).toBe(desiredOf(set));
  expect(set.status.observedGeneration).toBe(set.meta.generation);
}

test.each(seeds)('a pool reaches its size without ever exceeding it (seed %i)', (seed) => {
  expectAtSize(new Model(seed, aPool({ finalizers: [], replicas: 4 })).run(1500));
});

test.each(seeds)('a pool with disks reaches its size (seed %i)', (seed) => {
  const template = aTemplateWithDisks('data');
  expectAtSize(new Model(seed, aPool({ finalizers: [], replicas: 4, template })).run(1500));
});

test.each(seeds)('a replica set reaches its size without ever exceeding it (seed %i)', (seed) => {
  expectAtSize(new Model(seed, aReplicaSet({ replicas: 4 })).run(1500));
});

test.each(seeds.slice(0, 10))('a deleted pool lets everything go (seed %i)', (seed) => {
  const model = new Model(seed, aPool({ finalizers: [], replicas: 4 })).run(600);
  const { set } = model.cluster;
  if (set === undefined) throw new Error('the set stands');
  model.cluster.remove(set);
  model.run(0);
  expect([...model.cluster.objects.values()]).toEqual([]);
});
