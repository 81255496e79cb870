import { expect, test } from 'vitest';
import type { Answer, RawObject } from '#shared/cluster/cluster.ts';
import { failureOf } from '#shared/cluster/failure.ts';
import type { Command } from '#shared/contract/commands.ts';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import {
  effectAnnotation,
  extraAnnotation,
  poolFinalizer,
  revisionLabel,
} from '#shared/contract/words.ts';
import type { Job } from './backlog.ts';
import { findDone } from './probe.ts';

const effect = effectId('0a0b0c0d', { epoch: 1, plan: 1 }, 0);
const member = { name: 'web-0', uid: uid('vm-1') };

const create: Command = {
  verb: 'create-vm',
  effect,
  because: 'a test',
  name: 'web-0',
  ordinal: 0,
  revision: 'web-1',
};
const remove: Command = {
  verb: 'delete-member',
  effect,
  because: 'a test',
  member,
  purpose: 'scale-in',
  disks: [],
};
const free: Command = { ...remove, verb: 'free-member' };

test('a create is done when the object of its name carries its effect id', async () => {
  const made = aVm({ annotations: { [effectAnnotation]: effect } });
  expect(await probed(create, made)).toMatchObject({ outcome: 'already', uid: 'vm-1' });
});

test('a create is not done when the name is free or is somebody else’s', async () => {
  expect(await probed(create, undefined)).toBeUndefined();
  expect(
    await probed(create, aVm({ annotations: { [effectAnnotation]: 'other' } })),
  ).toBeUndefined();
});

test('a delete is done when the member is going, gone, or another one', async () => {
  const going = aVm({ deletionTimestamp: '2026-11-21T10:00:00Z' });
  expect(await probed(remove, going)).toMatchObject({ outcome: 'already' });
  expect(await probed(remove, undefined)).toMatchObject({ outcome: 'already' });
  expect(await probed(remove, aVm({ uid: 'vm-2' }))).toMatchObject({ outcome: 'already' });
  expect(await probed(remove, aVm({}))).toBeUndefined();
});

test('a member is let go when it no longer has our finalizer', async () => {
  expect(await probed(free, aVm({ finalizers: ['example.com/hold'] }))).toMatchObject({
    outcome: 'already',
  });
  expect(await probed(free, aVm({ finalizers: [poolFinalizer] }))).toBeUndefined();
});

const instance = { name: 'web-0', uid: uid('vmi-1') };
const disk = { kind: 'DataVolume', name: 'root-0', uid: uid('dv-1') } as const;
const common = { effect, because: 'a test' };
const ours = [{ uid: 'pool-1', controller: true }];
const revised = { labels: { [revisionLabel]: 'web-2' } };
const going = { deletionTimestamp: '2026-11-21T10:00:00Z' };

test.each<readonly [Command, object, object]>([
  [
    { verb: 'secure-member', member, ...common },
    { finalizers: [poolFinalizer] },
    { finalizers: ['example.com/hold'] },
  ],
  [{ verb: 'release-member', member, ...common }, {}, { ownerReferences: ours }],
  [{ verb: 'release-member', member, ...common }, {}, { finalizers: [poolFinalizer] }],
  [{ verb: 'adopt-member', member, ...common }, { ownerReferences: ours }, {}],
  [{ verb: 'update-vm', member, ordinal: 0, revision: 'web-2', ...common }, revised, {}],
  [
    { verb: 'update-vm', member, ordinal: 0, revision: 'web-2', stays: true, ...common },
    revised,
    { ...revised, annotations: { [extraAnnotation]: effect } },
  ],
  [
    { verb: 'restart-member', member, instance, revision: 'web-2', ...common },
    { uid: 'vmi-1', ...going },
    { uid: 'vmi-1' },
  ],
  [
    { verb: 'label-instance', instance, revision: 'web-2', ...common },
    { uid: 'vmi-1', ...revised },
    { uid: 'vmi-1' },
  ],
  [
    { verb: 'preserve-disk', member, disk, ...common },
    { uid: 'dv-1', ownerReferences: ours },
    { uid: 'dv-1', ownerReferences: [{ uid: 'vm-1' }] },
  ],
  [
    { verb: 'delete-revision', name: 'web-1', uid: uid('revision-1'), ...common },
    { uid: 'revision-1', ...going },
    { uid: 'revision-1' },
  ],
])('%o is done when the object shows it', async (command, done, open) => {
  expect(await probed(command, aVm({ ...done }))).toMatchObject({ outcome: 'already' });
  expect(await probed(command, aVm({ ...open }))).toBeUndefined();
});

test('what is gone was restarted, released or deleted, and never written', async () => {
  const restart = { verb: 'restart-member', member, instance, revision: 'r', ...common } as const;
  const preserve = { verb: 'preserve-disk', member, disk, ...common } as const;
  for (const found of [undefined, aVm({ uid: 'another' })]) {
    expect(await probed(restart, found)).toEqual({ outcome: 'already' });
    expect(await probed(preserve, found)).toBeUndefined();
  }
});

test('an unclear read is no answer', async () => {
  const failure = failureOf({ status: 500, body: {}, doing: 'reading' });
  const read = async (): Promise<Answer<RawObject>> => ({ ok: false, failure });
  expect(await findDone({ read }, jobOf(create))).toEqual({ again: true });
});

function probed(command: Command, found: RawObject | undefined) {
  const missing = failureOf({ status: 404, body: { reason: 'NotFound' }, doing: 'reading' });
  const read = async (): Promise<Answer<RawObject>> =>
    found === undefined ? { ok: false, failure: missing } : { ok: true, value: found };
  return findDone({ read }, jobOf(command));
}

function aVm(metadata: Readonly<Record<string, unknown>>): RawObject {
  return {
    kind: 'VirtualMachine',
    metadata: { name: 'web-0', uid: 'vm-1', resourceVersion: '12', ...metadata },
  };
}

function jobOf(command: Command): Job {
  const set = {
    kind: 'VirtualMachinePool',
    namespace: 'default',
    name: 'web',
    uid: uid('pool-1'),
    generation: 1,
  } as const;
  const limits = {
    burst: 250,
    pending: 500,
    massDeleteCount: 10,
    massDeleteShare: 0.2,
    massDeleteWindowMs: 600_000,
  };
  const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
  const balance = {
    ...{ desired: 1, active: 0, terminating: 0, ready: 0 },
    ...{ creating: 0, deleting: 0, surplus: 0 },
  };
  return {
    command,
    shard: shardSchema.parse('07'),
    sequence: 5,
    at: 0,
    plan: {
      type: 'decided',
      ...{ epoch: 1, plan: 1, set, mode: 'manage', basis: 1, because: 'a test', balance },
      moment: { now: 0, seed: '', limits, policy },
      commands: [command],
    },
  };
}
