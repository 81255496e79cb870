import { beforeEach, describe, expect, test } from 'vitest';
import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import { keepDisksAnnotation } from '#shared/contract/words.ts';
import type { Wanted } from './effects-stage.ts';
import {
  already,
  applied,
  metadataOf,
  ownerOf,
  pool,
  PoolStage,
  stale,
  target,
} from './pool-stage.ts';

let stage: PoolStage;
beforeEach(async () => {
  stage = await PoolStage.open();
});

const ours = '0a0b0c0d.9-x1.2.0';

function removal(vm: RawObject, keepDisks: boolean, disks: readonly RawObject[] = []): Wanted {
  return {
    verb: 'delete-member',
    member: target(vm),
    purpose: 'scale-in',
    disks: disks.map((disk) => ({ dataVolume: target(disk), member: target(vm) })),
    ...(keepDisks && { keepDisks }),
  };
}

async function markOn(name = 'web-0'): Promise<unknown> {
  const annotations = metadataOf(await stage.see('VirtualMachine', name))['annotations'];
  return Object(annotations)[keepDisksAnnotation];
}

function annotated(value: string): Promise<RawObject> {
  return stage.aMember({ annotations: { [keepDisksAnnotation]: value, 'example.com/note': 'n' } });
}

async function isGoing(): Promise<boolean> {
  return metadataOf(await stage.see('VirtualMachine', 'web-0'))['deletionTimestamp'] !== undefined;
}

describe('deleting a member', () => {
  test('that leaves its disks behind says so on the machine before it goes', async () => {
    const vm = await stage.aMember();
    const job = await stage.job(pool, removal(vm, true));
    const writes: unknown[] = [];
    const watched: Cluster = {
      ...stage.cluster,
      remove: async (ref, conditions) => {
        writes.push(await markOn());
        return stage.cluster.remove(ref, conditions);
      },
    };
    expect(await stage.perform(job, watched)).toMatchObject(applied);
    expect(writes).toEqual([job.command.effect]);
    expect(await markOn()).toBe(job.command.effect);
    expect(await isGoing()).toBe(true);
  });

  test('that takes its disks along writes nothing on the machine', async () => {
    const vm = await stage.aMember();
    const calls: string[] = [];
    const counting: Cluster = {
      ...stage.cluster,
      patch: async (ref, patch) => (calls.push('patch'), stage.cluster.patch(ref, patch)),
    };
    const job = await stage.job(pool, removal(vm, false));
    expect(await stage.perform(job, counting)).toMatchObject(applied);
    expect(calls).toEqual([]);
  });

  test('may end between the two writes, and goes on from there', async () => {
    const vm = await stage.aMember();
    const job = await stage.job(pool, removal(vm, true));
    const cut: Cluster = {
      ...stage.cluster,
      remove: async () => ({
        ok: false,
        failure: { kind: 'unclear', code: 0, reason: '', doing: '' },
      }),
    };
    expect(await stage.perform(job, cut)).toEqual({ again: true });
    expect(await isGoing()).toBe(false);
    expect(await markOn()).toBe(job.command.effect);
    const next = await stage.job(pool, removal(vm, true));
    expect(await stage.perform(next)).toMatchObject(applied);
    expect(await markOn()).toBe(job.command.effect);
  });

  test('writes again when the machine has changed, and when the answer is lost', async () => {
    const vm = await stage.aMember();
    const job = await stage.job(pool, removal(vm, true));
    expect(await stage.perform(job, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.perform(job, stage.racing('VirtualMachine', 'web-0', 1))).toMatchObject(
      applied,
    );
    expect(await markOn()).toBe(job.command.effect);
  });

  test('takes off what is left of a removal that was withdrawn, and nothing of others', async () => {
    const vm = await annotated(ours);
    expect(await stage.perform(await stage.job(pool, removal(vm, false)))).toMatchObject(applied);
    expect(await markOn()).toBeUndefined();
    const { annotations } = metadataOf(await stage.see('VirtualMachine', 'web-0'));
    expect(annotations).toMatchObject({ 'example.com/note': 'n' });
  });

  test.each(['true', 'yes'])(
    'is refused while the machine says that its disks stay, or might mean it: %s',
    async (value) => {
      const vm = await annotated(value);
      const job = await stage.job(pool, removal(vm, false));
      expect(await stage.perform(job)).toEqual(stale('MemberChanged'));
      expect(await isGoing()).toBe(false);
      expect(await markOn()).toBe(value);
    },
  );

  test('says so also on one that somebody else has deleted meanwhile', async () => {
    const vm = await stage.aMember();
    const job = await stage.job(pool, removal(vm, true));
    stage.world.remove('VirtualMachine', 'web-0');
    expect(await stage.perform(job)).toMatchObject(already);
    expect(await markOn()).toBe(job.command.effect);
  });
});

describe('letting a member go', () => {
  test.each([ours, 'true', 'yes'])('with its disks is refused where it says %s', async (value) => {
    stage.world.stopBehaviour();
    const vm = await annotated(value);
    const disk = await stage.make({
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name: 'root-0', ownerReferences: [ownerOf(vm)] },
      spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
    });
    stage.world.remove('VirtualMachine', 'web-0');
    const listed = [{ dataVolume: target(disk), member: target(vm) }];
    const frees = { verb: 'free-member', member: target(vm), purpose: 'free' } as const;
    const lossy = await stage.job(pool, { ...frees, disks: listed });
    expect(await stage.perform(lossy)).toEqual(stale('MemberChanged'));
    const keeps = { verb: 'preserve-disk', member: target(vm) } as const;
    const disks = { kind: 'DataVolume', ...target(disk) } as const;
    expect(await stage.perform(await stage.job(pool, { ...keeps, disk: disks }))).toMatchObject(
      applied,
    );
    expect(await stage.perform(await stage.job(pool, { ...frees, disks: [] }))).toMatchObject(
      applied,
    );
  });
});

test('what is begun on a machine that others deleted stands on it before the first disk is freed', async () => {
  stage.world.stopBehaviour();
  const vm = await stage.aMember();
  const disk = await stage.make({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'root-0', ownerReferences: [ownerOf(vm)] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  stage.world.remove('VirtualMachine', 'web-0');
  const job = await stage.job(pool, {
    verb: 'preserve-disk',
    member: target(vm),
    disk: { kind: 'PersistentVolumeClaim', ...target(disk) },
  });
  expect(await stage.perform(job)).toMatchObject(applied);
  expect(await markOn()).toBe(job.command.effect);
});
