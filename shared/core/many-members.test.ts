import { expect, test } from 'vitest';
import { Model } from './testing/model.ts';
import { aPool, aTemplateWithDisks } from './testing/objects.ts';

const template = { ...aTemplateWithDisks('root', 'data'), runStrategy: 'Halted' };

function emptied(seed: number, replicas: number): Model {
  const model = new Model(seed, aPool({ finalizers: [], replicas, template })).rushes();
  expect(model.members()).toHaveLength(replicas);
  expect(model.cluster.ofKind('PersistentVolumeClaim')).toHaveLength(2 * replicas);
  return model.edits({ replicas: 0 }).rushes();
}

function expectNothingLeft({ cluster, view }: Model): void {
  const left = [...cluster.objects.values()].map(({ kind }) => kind);
  expect(left.toSorted()).toEqual(['ControllerRevision', 'VirtualMachinePool']);
  expect(cluster.set?.status).toMatchObject({ replicas: 0, readyReplicas: 0, conditions: [] });
  expect([...view.pending.values()]).toEqual([]);
}

test.each(Array.from({ length: 10 }, (_, seed) => seed))(
  '200 machines with disks go, and nothing is left or stuck (%i)',
  (seed) => {
    expectNothingLeft(emptied(seed, 200));
  },
);

test('1000 machines with disks go, and nothing is left or stuck', { timeout: 60_000 }, () => {
  expectNothingLeft(emptied(1, 1000));
});
