import { beforeEach, describe, expect, test } from 'vitest';
import type { RawObject } from '#shared/cluster/cluster.ts';
import { uid } from '#shared/contract/ids.ts';
import {
  effectAnnotation,
  extraAnnotation,
  poolFinalizer,
  securedForAnnotation,
} from '#shared/contract/words.ts';
import { refOf, uidOf, type Wanted } from './effects-stage.ts';
import {
  PoolStage,
  already,
  applied,
  guard,
  metadataOf,
  other,
  ownerOf,
  pool,
  stale,
  target,
  template,
  vmi,
} from './pool-stage.ts';

/** Each verb on members and their disks: what it does, and above all what it leaves alone. */

const group = { kind: 'VirtualMachineInstanceReplicaSet', name: 'ci' } as const;

let stage: PoolStage;

beforeEach(async () => {
  stage = await PoolStage.open();
});

describe('securing a member', () => {
  const job = (vm: RawObject) => stage.job(pool, { verb: 'secure-member', member: target(vm) });

  test('adds our finalizer behind those of others, and once', async () => {
    const vm = await stage.aMember({ finalizers: [guard] });
    const work = await job(vm);
    expect(await stage.probe(work)).toBeUndefined();
    expect(await stage.perform(work)).toMatchObject(applied);
    const after = await stage.sees('VirtualMachine', 'web-0');
    expect(metadataOf(after)['finalizers']).toEqual([guard, poolFinalizer]);
    const owner = metadataOf(await stage.sees('VirtualMachinePool', 'web'))['uid'];
    expect(metadataOf(after)['annotations']).toMatchObject({ [securedForAnnotation]: owner });
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('loses no finalizer that comes in between', async () => {
    const vm = await stage.aMember({ finalizers: [] });
    const racing = stage.racing('VirtualMachine', 'web-0', 1);
    expect(await stage.perform(await job(vm), racing)).toMatchObject(applied);
    const always = stage.racing('VirtualMachine', 'web-1', 9);
    const next = await stage.aMember({ name: 'web-1', finalizers: [] });
    expect(await stage.perform(await job(next), always)).toEqual(stale('MemberChanged'));
  });

  test('never touches a member that is going, another one, or somebody else’s', async () => {
    const vm = await stage.aMember({ finalizers: [guard] });
    const work = await job(vm);
    const foreign = await stage.aMember({
      name: 'alone',
      finalizers: [],
      ownerReferences: [other],
    });
    expect(await stage.perform(await job(foreign))).toEqual(stale('NotOwned'));
    const gone = { ...target(vm), uid: uid('another') };
    const wrong = await stage.job(pool, { verb: 'secure-member', member: gone });
    expect(await stage.perform(wrong)).toEqual(stale('MemberGone'));
    stage.world.remove('VirtualMachine', 'web-0');
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
  });
});

describe('releasing a member', () => {
  const job = (vm: RawObject) => stage.job(pool, { verb: 'release-member', member: target(vm) });

  test('takes our owner reference and our finalizer and keeps those of others', async () => {
    const vm = await stage.aMember({ labels: { app: 'mine' } });
    const work = await job(vm);
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    const after = metadataOf(await stage.sees('VirtualMachine', 'web-0'));
    expect(after['ownerReferences']).toEqual([other]);
    expect(after['finalizers']).toEqual([guard]);
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('goes on while the machine’s status changes', async () => {
    const vm = await stage.aMember({ labels: { app: 'mine' } });
    const racing = stage.racing('VirtualMachine', 'web-0', 2);
    expect(await stage.perform(await job(vm), racing)).toMatchObject(applied);
  });

  test('frees a member whose owner was taken away by hand of our finalizer', async () => {
    const vm = await stage.aMember({ ownerReferences: [other] });
    expect(await stage.perform(await job(vm))).toMatchObject(applied);
    expect(metadataOf(await stage.see('VirtualMachine', 'web-0'))['finalizers']).toEqual([guard]);
  });

  test('leaves alone a member that matches again, that is going, or that another pool has', async () => {
    const vm = await stage.aMember();
    expect(await stage.perform(await job(vm))).toEqual(stale('MemberChanged'));
    const theirs = ownerOf(stage.set, { name: 'db', uid: 'pool-db' });
    const moved = await stage.aMember({ name: 'web-1', ownerReferences: [theirs] });
    expect(await stage.perform(await job(moved))).toEqual(stale('NotOwned'));
    await stage.merge('VirtualMachine', 'web-0', { metadata: { labels: { app: 'mine' } } });
    const work = await job(vm);
    stage.world.remove('VirtualMachine', 'web-0');
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
  });

  test('goes on in a paused pool, and not in one that is being deleted', async () => {
    await stage.merge('VirtualMachinePool', 'web', { spec: { paused: true } });
    const vm = await stage.aMember({ labels: { app: 'mine' } });
    expect(await stage.perform(await job(vm))).toMatchObject(applied);
    const next = await stage.aMember({ name: 'web-1', labels: { app: 'mine' } });
    const work = await job(next);
    await stage.merge('VirtualMachinePool', 'web', { metadata: { finalizers: [guard] } });
    await stage.cluster.remove(refOf('VirtualMachinePool', 'web'), await conditions());
    expect(await stage.perform(work)).toEqual(stale('SetGone'));
  });

  async function conditions() {
    const { uid: own, resourceVersion } = metadataOf(await stage.see('VirtualMachinePool', 'web'));
    return { uid: own, resourceVersion } as Parameters<typeof stage.cluster.remove>[1];
  }
});

describe('adopting a VMI', () => {
  const job = (object: RawObject) =>
    stage.job(group, { verb: 'adopt-member', member: target(object) });

  async function aGroup(): Promise<RawObject> {
    return stage.make({
      apiVersion: 'kubevirt.io/v1',
      kind: group.kind,
      metadata: { name: 'ci' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'ci' } },
        template: { metadata: { labels: { app: 'ci' } }, spec: vmi },
      },
    });
  }

  const loose = (metadata: Readonly<Record<string, unknown>> = {}) =>
    stage.make({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstance',
      metadata: { name: 'ci-a', labels: { app: 'ci' }, ...metadata },
      spec: vmi,
    });

  test.each([[[]], [[other]]])('adds the set beside the owners %j, and once', async (owners) => {
    const ci = await aGroup();
    const instance = await loose({ ownerReferences: owners });
    const work = await job(instance);
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
    const after = metadataOf(await stage.see('VirtualMachineInstance', 'ci-a'));
    expect(after['ownerReferences']).toEqual([...owners, ownerOf(ci)]);
  });

  test('takes no VMI that no longer matches, that is going, or that is another’s', async () => {
    const ci = await aGroup();
    const instance = await loose();
    const work = await job(instance);
    await stage.merge('VirtualMachineInstance', 'ci-a', { metadata: { labels: { app: 'x' } } });
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
    const theirs = ownerOf(ci, { name: 'db', uid: 'db-uid' });
    const taken = await loose({ name: 'ci-b', ownerReferences: [theirs] });
    expect(await stage.perform(await job(taken))).toEqual(stale('NotOwned'));
    const going = await loose({ name: 'ci-c', finalizers: [guard] });
    const last = await job(going);
    stage.world.remove('VirtualMachineInstance', 'ci-c');
    expect(await stage.perform(last)).toEqual(stale('MemberChanged'));
  });

  test('judges by the selector as it stands now', async () => {
    await aGroup();
    const instance = await loose();
    const work = await job(instance);
    await stage.merge(group.kind, 'ci', {
      spec: {
        selector: { matchLabels: { app: 'b' } },
        template: { metadata: { labels: { app: 'b' } } },
      },
    });
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
  });

  test('releasing it again keeps the other owners', async () => {
    const ci = await aGroup();
    const owned = await loose({ labels: { app: 'x' }, ownerReferences: [other, ownerOf(ci)] });
    const release = await stage.job(group, { verb: 'release-member', member: target(owned) });
    expect(await stage.perform(release)).toMatchObject(applied);
    const after = metadataOf(await stage.see('VirtualMachineInstance', 'ci-a'));
    expect(after['ownerReferences']).toEqual([other]);
  });
});

describe('preserving a disk', () => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

  async function aDisk(vm: RawObject, metadata: Readonly<Record<string, unknown>> = {}) {
    return stage.make({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'root-0', ownerReferences: [other, ownerOf(vm)], ...metadata },
      spec: claim,
    });
  }

  const job = (vm: RawObject, disk: RawObject) =>
    stage.job(pool, {
      verb: 'preserve-disk',
      member: target(vm),
      disk: { kind: 'PersistentVolumeClaim', ...target(disk) },
    });

  test('takes the member off the owners and leaves the others', async () => {
    stage.world.stopBehaviour();
    const vm = await stage.aMember();
    const disk = await aDisk(vm);
    const work = await job(vm, disk);
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
    stage.world.remove('VirtualMachine', 'web-0');
    // The first answer that is lost is the one of the mark on the machine.
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
    const after = metadataOf(await stage.see('PersistentVolumeClaim', 'root-0'));
    expect(after['ownerReferences']).toEqual([other]);
  });

  test('goes on in a paused pool of a newer spec: how the member was removed counts', async () => {
    stage.world.stopBehaviour();
    const vm = await stage.aMember();
    const disk = await aDisk(vm);
    const work = await job(vm, disk);
    stage.world.remove('VirtualMachine', 'web-0');
    await stage.merge('VirtualMachinePool', 'web', { spec: { paused: true, replicas: 4 } });
    expect(await stage.perform(work)).toMatchObject(applied);
  });

  test('does not claim to have saved a disk that is another one, or is going itself', async () => {
    stage.world.stopBehaviour();
    const vm = await stage.aMember();
    const disk = await aDisk(vm, { finalizers: [guard] });
    const work = await job(vm, disk);
    stage.world.remove('VirtualMachine', 'web-0');
    stage.world.remove('PersistentVolumeClaim', 'root-0');
    expect(await stage.perform(work)).toEqual(stale('DiskChanged'));
    const wrong = { ...disk, metadata: { ...disk.metadata, uid: 'another' } };
    expect(await stage.perform(await job(vm, wrong))).toEqual(stale('DiskChanged'));
  });
});

test('a member goes without its disk, rung by rung, and the next of its number takes it up', async () => {
  const dataVolumeTemplates = [
    { metadata: { name: 'root' }, spec: { source: { blank: {} }, storage: { resources } } },
  ];
  const spec = { ...template.spec, dataVolumeTemplates };
  await stage.merge(pool.kind, pool.name, { spec: { virtualMachineTemplate: { spec } } });
  const create = { verb: 'create-vm', name: 'web-0', ordinal: 0, revision: 'web-1' } as const;
  expect(await stage.perform(await stage.job(pool, create))).toMatchObject(applied);
  stage.world.pass(60_000);
  const vm = await stage.sees('VirtualMachine', 'web-0');
  const disk = await stage.sees('DataVolume', 'root-0');
  expect(metadataOf(disk)['ownerReferences']).toMatchObject([{ uid: uidOf(vm) }]);

  const going = { member: target(vm), purpose: 'scale-in' } as const;
  const steps: readonly Wanted[] = [
    { verb: 'delete-member', ...going, disks: [], keepDisks: true },
    { verb: 'preserve-disk', member: target(vm), disk: { kind: 'DataVolume', ...target(disk) } },
    { verb: 'free-member', ...going, disks: [] },
  ];
  for (const step of steps) {
    expect(await stage.perform(await stage.job(pool, step))).toMatchObject(applied);
    stage.world.pass(60_000);
  }
  expect(await stage.see('VirtualMachine', 'web-0')).toBeUndefined();
  const kept = await stage.sees('DataVolume', 'root-0');
  expect(uidOf(kept)).toBe(uidOf(disk));
  expect(metadataOf(kept)['ownerReferences'] ?? []).toEqual([]);

  const again = { ...create, takesUp: [{ dataVolume: target(kept) }] };
  expect(await stage.perform(await stage.job(pool, again))).toMatchObject(applied);
  stage.world.pass(60_000);
  expect(uidOf(await stage.sees('DataVolume', 'root-0'))).toBe(uidOf(disk));
});

test('an extra member of a roll-out is made with a word on it that says so, and no other is', async () => {
  const member = (ordinal: number) =>
    ({ verb: 'create-vm', name: `web-${ordinal}`, ordinal, revision: 'web-1' }) as const;
  const work = await stage.job(pool, { ...member(1), extra: true });
  expect(await stage.perform(work)).toMatchObject(applied);
  const { effect } = work.command;
  const annotations = { [effectAnnotation]: effect, [extraAnnotation]: effect };
  const made = metadataOf(await stage.see('VirtualMachine', 'web-1'));
  expect(made['annotations']).toEqual(annotations);
  expect(await stage.perform(await stage.job(pool, member(0)))).toMatchObject(applied);
  const other = metadataOf(await stage.see('VirtualMachine', 'web-0'));
  expect(other['annotations']).not.toHaveProperty([extraAnnotation]);
});

const resources = { requests: { storage: '1Gi' } };

describe('making a VM on a disk that was left behind', () => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const left = (metadata: Readonly<Record<string, unknown>> = {}) =>
    stage.make({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'root-3', ...metadata },
      spec: claim,
    });
  const job = (disk: RawObject) =>
    stage.job(pool, {
      verb: 'create-vm',
      ...{ name: 'web-3', ordinal: 3, revision: 'web-1' },
      takesUp: [{ claim: target(disk) }],
    });

  test('takes it up while nobody has it', async () => {
    expect(await stage.perform(await job(await left()))).toMatchObject(applied);
    expect(await stage.see('VirtualMachine', 'web-3')).toBeDefined();
  });

  test('makes nothing when somebody has it by now, or it is another one', async () => {
    const owned = await left({ ownerReferences: [other] });
    expect(await stage.perform(await job(owned))).toEqual(stale('DiskChanged'));
    const earlier = { ...owned, metadata: { ...owned.metadata, uid: 'earlier' } };
    expect(await stage.perform(await job(earlier))).toEqual(stale('DiskChanged'));
    expect(await stage.see('VirtualMachine', 'web-3')).toBeUndefined();
  });
});
