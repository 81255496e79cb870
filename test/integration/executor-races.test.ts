import { beforeEach, describe, expect, test } from 'vitest';
import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import { keepDisksAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import {
  applied,
  guard,
  metadataOf,
  other,
  ownerOf,
  pool,
  PoolStage,
  stale,
  target,
} from './pool-stage.ts';

/** What somebody else writes between our read of a machine and our patch that lets it go. */

let stage: PoolStage;
beforeEach(async () => {
  stage = await PoolStage.open();
  stage.world.stopBehaviour();
});

/** The cluster, but something happens right before the first patch of ours. */
function interrupted(happening: () => Promise<unknown>): Cluster {
  let isDone = false;
  return {
    ...stage.cluster,
    patch: async (ref, patch) => {
      if (!isDone) {
        isDone = true;
        await happening();
      }
      return stage.cluster.patch(ref, patch);
    },
  };
}

const write = (metadata: Readonly<Record<string, unknown>>) => async () =>
  stage.merge('VirtualMachine', 'web-0', { metadata });

async function isHeld(): Promise<boolean> {
  const { finalizers } = metadataOf(await stage.sees('VirtualMachine', 'web-0'));
  return Array.isArray(finalizers) && finalizers.includes(poolFinalizer);
}

describe('letting a machine go', () => {
  const first = 'example.com/first';

  async function freeing() {
    const vm = await stage.aMember({ finalizers: [first, guard, poolFinalizer] });
    stage.world.remove('VirtualMachine', 'web-0');
    const disk = { dataVolume: target(vm), member: target(vm) };
    const frees = { verb: 'free-member', member: target(vm), purpose: 'free' } as const;
    return stage.job(pool, { ...frees, disks: [disk] });
  }

  test('that somebody marks to keep its disks in between is not done', async () => {
    const marking = write({ annotations: { [keepDisksAnnotation]: 'true' } });
    expect(await stage.perform(await freeing(), interrupted(marking))).toEqual(
      stale('MemberChanged'),
    );
    expect(await isHeld()).toBe(true);
  });

  test('that becomes somebody else’s in between is not done', async () => {
    const job = await freeing();
    const theirs: RawObject = {
      apiVersion: 'pool.kubevirt.io/v1beta1',
      kind: 'VirtualMachinePool',
      metadata: { name: 'other', uid: 'other-pool' },
    };
    const taking = write({ ownerReferences: [ownerOf(theirs)] });
    expect(await stage.perform(job, interrupted(taking))).toEqual(stale('NotOwned'));
    expect(await isHeld()).toBe(true);
  });

  test('takes our finalizer alone when the list changes in between', async () => {
    const job = await freeing();
    const shortening = write({ finalizers: [guard, poolFinalizer] });
    expect(await stage.perform(job, interrupted(shortening))).toMatchObject(applied);
    const { finalizers } = metadataOf(await stage.sees('VirtualMachine', 'web-0'));
    expect(finalizers).toEqual([guard]);
  });
});

test('a machine that is deleted while it is released is not let go: its disks were told to nobody', async () => {
  const vm = await stage.aMember({
    labels: { app: 'elsewhere' },
    ownerReferences: [other, ownerOf(stage.set)],
  });
  const job = await stage.job(pool, { verb: 'release-member', member: target(vm) });
  const deleting = async () => stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(job, interrupted(deleting))).toEqual(stale('MemberChanged'));
  expect(await isHeld()).toBe(true);
});
