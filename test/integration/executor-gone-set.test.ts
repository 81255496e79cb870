import { beforeEach, expect, test } from 'vitest';
import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import type { Job } from '../../services/executor/backlog.ts';
import { refOf, uidOf } from './effects-stage.ts';
import type { Wanted } from './effects-stage.ts';
import { applied, guard, metadataOf, pool, PoolStage, stale, target } from './pool-stage.ts';

/** What a pool that is gone has left behind. */

let stage: PoolStage;
let vm: RawObject;
beforeEach(async () => {
  stage = await PoolStage.open();
  vm = await stage.aMember();
});

const freeing = (): Wanted => ({
  verb: 'free-member',
  member: target(vm),
  purpose: 'free',
  disks: [],
});

/** The command in the name of a pool that the plan takes for gone. */
async function inNameOfGone(wanted: Wanted, named?: string): Promise<Job> {
  const job = await stage.job(pool, wanted);
  const { plan } = job;
  const set = { ...plan.set, generation: 0, gone: true, uid: uid(named ?? plan.set.uid) } as const;
  return { ...job, plan: { ...plan, set } };
}

/** No finalizer holds it here. */
async function poolGoes(): Promise<void> {
  const { metadata } = await stage.sees('VirtualMachinePool', 'web');
  const resourceVersion = resourceVersionSchema.parse(metadata?.resourceVersion);
  const conditions = { uid: uid(String(metadata?.uid)), resourceVersion };
  const removed = await stage.cluster.remove(refOf('VirtualMachinePool', 'web'), conditions);
  expect(removed.ok).toBe(true);
}

async function finalizers(): Promise<unknown> {
  return metadataOf(await stage.see('VirtualMachine', 'web-0'))['finalizers'];
}

test('a terminating VM whose pool is gone loses our finalizer and no other', async () => {
  const job = await inNameOfGone(freeing());
  await poolGoes();
  stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(job)).toMatchObject(applied);
  expect(await finalizers()).toEqual([guard]);
});

test('so it does when another pool has taken the name', async () => {
  const job = await inNameOfGone(freeing());
  await poolGoes();
  await stage.make({ ...stage.set, metadata: { name: 'web' } });
  stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(job)).toMatchObject(applied);
});

test('nothing is done while the pool stands after all', async () => {
  const job = await inNameOfGone(freeing());
  stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(job)).toEqual(stale('SetChanged'));
  expect(await finalizers()).toEqual([guard, poolFinalizer]);
});

test('a kind that is not served does not prove that the pool is gone', async () => {
  const job = await inNameOfGone(freeing());
  await poolGoes();
  stage.world.remove('VirtualMachine', 'web-0');
  const failure = { kind: 'not-served', code: 404, reason: '', doing: 'reading' } as const;
  const unserving: Cluster = {
    ...stage.cluster,
    read: async (ref) =>
      ref.kind === 'VirtualMachinePool' ? { ok: false, failure } : stage.cluster.read(ref),
  };
  expect(await stage.perform(job, unserving)).toMatchObject({ outcome: 'refused' });
  expect(await finalizers()).toEqual([guard, poolFinalizer]);
});

test('a living VM is not let go, nor one that another pool controls', async () => {
  const living = await inNameOfGone(freeing());
  const foreign = await inNameOfGone(freeing(), 'another-pool');
  stage.world.stopBehaviour();
  await poolGoes();
  expect(await stage.perform(living)).toEqual(stale('MemberChanged'));
  stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(foreign)).toEqual(stale('NotOwned'));
});

test('a VM that nobody controls is let go only while no pool of its name is there', async () => {
  const job = await inNameOfGone(freeing(), uidOf(vm));
  await stage.merge('VirtualMachine', 'web-0', { metadata: { ownerReferences: null } });
  stage.world.remove('VirtualMachine', 'web-0');
  expect(await stage.perform(job)).toEqual(stale('SetChanged'));
  await poolGoes();
  expect(await stage.perform(job)).toMatchObject(applied);
});

test('nothing but letting go is done in the name of a pool that is gone', async () => {
  const wanted: Wanted = {
    verb: 'delete-member',
    member: target(vm),
    purpose: 'scale-in',
    disks: [],
  };
  const job = await inNameOfGone(wanted);
  await poolGoes();
  expect(await stage.perform(job)).toEqual(stale('SetGone'));
});
