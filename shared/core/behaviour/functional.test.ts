import { describe, expect, test } from 'vitest';
import type { Observable, Pool, ScaledSet } from '#shared/contract/objects.ts';
import { assert } from '#shared/lib/assert.ts';
import { isReady } from '../objects.ts';
import { Model } from '../testing/model.ts';
import { aDigest, aPool, aReplicaSet, aTemplate, aTemplateWithDisks } from '../testing/objects.ts';

/** What upstream’s tests on a whole cluster ask, asked of the core with a cluster of its own. */

const running = { ...aTemplateWithDisks('data'), runStrategy: 'Always' };

function start(set: ScaledSet): Model {
  return new Model(1, set).run(0);
}

function namesOf(model: Model): readonly string[] {
  return model.members().toSorted();
}

function named(model: Model, kind: Observable['kind'], name: string): Observable {
  const found = model.cluster.named(kind, name);
  assert(found !== undefined, `${name} stands`);
  return found;
}

describe.each([
  ['a pool', (replicas: number) => aPool({ finalizers: [], replicas, template: running })],
  ['a replica set', (replicas: number) => aReplicaSet({ replicas })],
] as const)('%s', (_, make) => {
  test.each([[[0, 3, 2, 0]], [[0, 5, 6, 0]]])(
    'follows the sizes %j, and its ready members with it',
    { timeout: 30_000 },
    ([first = 0, ...sizes]) => {
      const model = start(make(first));
      for (const replicas of sizes) {
        model.edits({ replicas }).run(0);
        expect(model.members()).toHaveLength(replicas);
        expect(model.cluster.set?.status).toMatchObject({ replicas, readyReplicas: replicas });
      }
    },
  );
});

describe('a pool with disks', () => {
  test('gets a deleted member back under its name, with a disk of its own', () => {
    const model = start(aPool({ finalizers: [], replicas: 2, template: running }));
    const [vm, disk] = [
      named(model, 'VirtualMachine', 'web-0'),
      named(model, 'DataVolume', 'data-0'),
    ];
    model.cluster.remove(vm);
    model.run(0);
    expect(namesOf(model)).toEqual(['web-0', 'web-1']);
    expect(named(model, 'VirtualMachine', 'web-0').meta.uid).not.toBe(vm.meta.uid);
    expect(named(model, 'DataVolume', 'data-0').meta.uid).not.toBe(disk.meta.uid);
    expect(model.cluster.ofKind('DataVolume')).toHaveLength(2);
  });

  test('takes up again what scale-in has kept, the very same disk', { timeout: 30_000 }, () => {
    const selection = { sort: 'AscendingOrder' } as const;
    const scaleIn = { type: 'proactive', preservation: 'Offline', selection } as const;
    const model = start(aPool({ finalizers: [], replicas: 3, template: running, scaleIn }));
    const { uid } = named(model, 'DataVolume', 'data-0').meta;
    model.edits({ replicas: 2 }).run(0);
    expect(namesOf(model)).toEqual(['web-1', 'web-2']);
    expect(named(model, 'DataVolume', 'data-0').meta).toMatchObject({ uid, owners: [] });
    model.edits({ replicas: 3 }).run(0);
    const owner = { uid: named(model, 'VirtualMachine', 'web-0').meta.uid };
    expect(named(model, 'DataVolume', 'data-0').meta).toMatchObject({ uid, owners: [owner] });
  });
});

test(
  'a roll-out never has more members down than maxUnavailable, and ends with all renewed',
  { timeout: 30_000 },
  () => {
    const template = aTemplate({ runStrategy: 'Always' });
    const model = start(aPool({ finalizers: [], replicas: 4, maxUnavailable: 1, template }));
    const before = new Set(model.cluster.ofKind('VirtualMachineInstance').map(uidOf));
    const digest = { ...aDigest(), vmiSpec: aDigest('v2').vmiSpec };
    model.edits({ template: aTemplate({ runStrategy: 'Always', digest }) } satisfies Partial<Pool>);
    let most = 0;
    for (let step = 0; step < 1500; step += 1) {
      const ready = model.goesOn(1).cluster.ofKind('VirtualMachineInstance').filter(isUp);
      most = Math.max(most, 4 - ready.length);
    }
    expect(most).toBe(1);
    const after = model.cluster.ofKind('VirtualMachineInstance');
    expect(after).toHaveLength(4);
    expect(after.filter((vmi) => before.has(uidOf(vmi)))).toEqual([]);
  },
);

function isUp(object: Observable): boolean {
  const isGoing = object.meta.deletedAt !== undefined;
  return object.kind === 'VirtualMachineInstance' && !isGoing && isReady(object);
}

function uidOf({ meta }: Observable): string {
  return meta.uid;
}
