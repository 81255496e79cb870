import { beforeEach, describe, expect, test } from 'vitest';
import type { RawObject } from '#shared/cluster/cluster.ts';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { Purpose } from '#shared/contract/commands.ts';
import {
  poolFinalizer,
  replaceDisksAnnotation,
  scaleInDisksAnnotation,
} from '#shared/contract/words.ts';
import { applied, metadataOf, pool, PoolStage, stale, target } from './pool-stage.ts';

/** What the pool says of disks right before a machine goes: its annotations raise no generation. */

let stage: PoolStage;
beforeEach(async () => {
  stage = await PoolStage.open();
});

async function says(annotations: Readonly<Record<string, string | null>>): Promise<void> {
  await stage.merge('VirtualMachinePool', 'web', { metadata: { annotations } });
}

const disk = (vm: RawObject) => ({ dataVolume: target(vm), member: target(vm) });

function removal(vm: RawObject, purpose: Purpose, more: object = {}) {
  const command = { verb: 'delete-member', member: target(vm), purpose } as const;
  return stage.job(pool, { ...command, disks: [disk(vm)], ...more });
}

async function isGoing(): Promise<boolean> {
  return metadataOf(await stage.see('VirtualMachine', 'web-0'))['deletionTimestamp'] !== undefined;
}

describe('a delete that takes disks along', () => {
  test.each([
    ['scale-in', 'keep'],
    ['surge', 'keep'],
    ['scale-in', 'keeep'],
  ] as const)('for %s is not done once the pool says %s', async (purpose, word) => {
    const job = await removal(await stage.aMember(), purpose);
    await says({ [scaleInDisksAnnotation]: word });
    expect(await stage.perform(job)).toEqual(stale('SetChanged'));
    expect(await isGoing()).toBe(false);
  });

  test('is not done once the pool has an annotation of ours that nobody understands', async () => {
    const job = await removal(await stage.aMember(), 'scale-in');
    await says({ 'rollcall.dev/scale-in-disk': 'keep' });
    expect(await stage.perform(job)).toEqual(stale('SetChanged'));
  });

  test('is done where the pool says to delete, and where what it says is no matter of scale-in', async () => {
    await says({ [scaleInDisksAnnotation]: 'delete', 'example.com/note': 'keep' });
    expect(await stage.perform(await removal(await stage.aMember(), 'scale-in'))).toMatchObject(
      applied,
    );
  });

  test('that healing needs is done whatever becomes of disks at scale-in', async () => {
    const job = await removal(await stage.aMember(), 'heal');
    await says({ [scaleInDisksAnnotation]: 'keep' });
    expect(await stage.perform(job)).toMatchObject(applied);
  });

  test('is done where the strategy says to lose disks, whatever the annotation says', async () => {
    await stage.merge('VirtualMachinePool', 'web', {
      spec: { scaleInStrategy: { proactive: { statePreservation: 'Disabled' } } },
    });
    const job = await removal(await stage.aMember(), 'scale-in');
    await says({ [scaleInDisksAnnotation]: 'keep' });
    expect(await stage.perform(job)).toMatchObject(applied);
  });
});

test('a delete that keeps disks is done whatever the pool says by then', async () => {
  const job = await removal(await stage.aMember(), 'scale-in', { keepDisks: true });
  await says({ [scaleInDisksAnnotation]: 'delete' });
  expect(await stage.perform(job)).toMatchObject(applied);
});

describe('a replacement of disks', () => {
  const replacement = async () => removal(await stage.aMember(), 'replace', { revision: 'web-2' });

  test('is done while its revision is named', async () => {
    await says({ [replaceDisksAnnotation]: 'web-2' });
    expect(await stage.perform(await replacement())).toMatchObject(applied);
  });

  test.each([
    ['nobody names a revision any more', null],
    ['another revision is named', 'web-1'],
  ])('is not done once %s', async (_, word) => {
    await says({ [replaceDisksAnnotation]: 'web-2' });
    const job = await replacement();
    await says({ [replaceDisksAnnotation]: word });
    expect(await stage.perform(job)).toEqual(stale('SetChanged'));
    expect(await isGoing()).toBe(false);
  });

  test('of a log that does not tell its revision needs one to be named', async () => {
    const job = await removal(await stage.aMember(), 'replace');
    expect(await stage.perform(job)).toEqual(stale('SetChanged'));
    await says({ [replaceDisksAnnotation]: 'web-2' });
    expect(await stage.perform(job)).toMatchObject(applied);
  });
});

describe('letting a machine go that takes disks along', () => {
  async function letting(purpose: Purpose, disks: 'some' | 'none' = 'some') {
    const vm = await stage.aMember();
    const removed = await stage.cluster.remove(
      { kind: 'VirtualMachine', namespace: 'default', name: 'web-0' },
      {
        uid: target(vm).uid,
        resourceVersion: resourceVersionSchema.parse(vm.metadata?.resourceVersion),
      },
    );
    expect(removed).toMatchObject({ ok: true });
    return stage.job(pool, {
      verb: 'free-member',
      member: target(vm),
      purpose,
      disks: disks === 'some' ? [disk(vm)] : [],
    });
  }

  async function isHeld(): Promise<boolean> {
    const { finalizers } = metadataOf(await stage.see('VirtualMachine', 'web-0'));
    return Array.isArray(finalizers) && finalizers.includes(poolFinalizer);
  }

  test.each(['scale-in', 'surge', 'free'] as const)(
    'waits once the pool says that they stay: %s',
    async (purpose) => {
      const job = await letting(purpose);
      await says({ [scaleInDisksAnnotation]: 'keep' });
      expect(await stage.perform(job)).toEqual(stale('SetChanged'));
      expect(await isHeld()).toBe(true);
    },
  );

  test('waits also once the strategy says that they stay', async () => {
    const job = await letting('scale-in');
    await stage.merge('VirtualMachinePool', 'web', {
      spec: { scaleInStrategy: { opportunistic: { statePreservation: 'Online' } } },
    });
    expect(await stage.perform(job)).toEqual(stale('SetChanged'));
  });

  test('goes on when none hangs on it, and for whom disks do not stay', async () => {
    await says({ [scaleInDisksAnnotation]: 'keep' });
    expect(await stage.perform(await letting('scale-in', 'none'))).toMatchObject(applied);
    expect(await isHeld()).toBe(false);
  });

  test.each(['replace', 'heal', 'retire'] as const)('goes on for %s', async (purpose) => {
    const job = await letting(purpose);
    await says({ [scaleInDisksAnnotation]: 'keep' });
    expect(await stage.perform(job)).toMatchObject(applied);
  });
});
