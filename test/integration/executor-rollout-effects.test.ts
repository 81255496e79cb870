import { beforeEach, describe, expect, test } from 'vitest';
import type { RawObject } from '#shared/cluster/cluster.ts';
import {
  poolFinalizer,
  effectAnnotation,
  extraAnnotation,
  revisionLabel,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import { uidOf } from './effects-stage.ts';
import {
  PoolStage,
  already,
  applied,
  guard,
  labels,
  metadataOf,
  other,
  ownerOf,
  pool,
  stale,
  target,
  template,
  vmi,
} from './pool-stage.ts';

/** Each verb of a roll-out: what it writes, and what survives it. */

let stage: PoolStage;

beforeEach(async () => {
  stage = await PoolStage.open();
});

describe('updating a VM', () => {
  const newer = {
    metadata: { labels: { ...labels, tier: 'front' } },
    spec: {
      runStrategy: 'Halted',
      template: {
        metadata: { labels },
        spec: { ...vmi, terminationGracePeriodSeconds: 30 },
      },
    },
  };

  async function aChange(): Promise<void> {
    await stage.aRevision('web-1', template);
    await stage.merge('VirtualMachinePool', 'web', { spec: { virtualMachineTemplate: newer } });
  }

  const job = (vm: RawObject, from?: string) =>
    stage.job(pool, {
      verb: 'update-vm',
      member: target(vm),
      ordinal: 0,
      revision: 'web-2',
      ...(from !== undefined && { from }),
    });

  test('writes what differs, and keeps foreign metadata, volumes and edits', async () => {
    const vm = await stage.aMember();
    await aChange();
    await stage.merge('VirtualMachine', 'web-0', {
      metadata: { labels: { team: 'blue' }, annotations: { note: 'mine' } },
      spec: {
        runStrategy: 'Manual',
        template: {
          spec: {
            domain: { firmware: { uuid: '5d307ca9-b3ef-428c-8861-06e72d69f223' } },
            volumes: [{ name: 'plugged', dataVolume: { name: 'extra', hotpluggable: true } }],
          },
        },
      },
    });
    const work = await job(vm, 'web-1');
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
    const after = await stage.sees('VirtualMachine', 'web-0');
    expect(metadataOf(after)).toMatchObject({
      labels: { app: 'web', tier: 'front', team: 'blue', [revisionLabel]: 'web-2' },
      annotations: { note: 'mine', [effectAnnotation]: '0a0b0c0d.1.1.0' },
      finalizers: [guard, poolFinalizer],
      ownerReferences: [other, ownerOf(stage.set)],
    });
    expect(after['spec']).toMatchObject({
      runStrategy: 'Manual',
      template: {
        metadata: { labels: { [revisionLabel]: 'web-2' } },
        spec: {
          terminationGracePeriodSeconds: 30,
          domain: { firmware: { uuid: '5d307ca9-b3ef-428c-8861-06e72d69f223' } },
          volumes: [{ name: 'plugged' }],
        },
      },
    });
  });

  test('sends nothing but what differs, under the version that was read', async () => {
    const vm = await stage.aMember();
    await aChange();
    const sent: unknown[] = [];
    const watched = {
      ...stage.cluster,
      patch: async (...call: Parameters<typeof stage.cluster.patch>) => {
        sent.push(call[1].body);
        return stage.cluster.patch(...call);
      },
    };
    const { uid: own, resourceVersion } = metadataOf(await stage.see('VirtualMachine', 'web-0'));
    expect(await stage.perform(await job(vm, 'web-1'), watched)).toMatchObject(applied);
    const revision = { [revisionLabel]: 'web-2' };
    expect(sent).toEqual([
      {
        metadata: { uid: own, resourceVersion, labels: { tier: 'front', ...revision } },
        spec: {
          template: {
            metadata: { labels: revision },
            spec: { terminationGracePeriodSeconds: 30 },
          },
        },
      },
    ]);
  });

  test('takes away what the template has dropped, if it knows the old one', async () => {
    const vm = await stage.aMember({
      labels: { ...labels, [revisionLabel]: 'web-2', tier: 'front' },
    });
    await stage.aRevision('web-2', newer);
    const work = await stage.job(pool, {
      verb: 'update-vm',
      member: target(vm),
      ordinal: 0,
      revision: 'web-3',
      from: 'web-2',
    });
    expect(await stage.perform(work)).toMatchObject(applied);
    const after = metadataOf(await stage.see('VirtualMachine', 'web-0'));
    expect(after['labels']).toEqual({ ...labels, [revisionLabel]: 'web-3' });
  });

  test('takes nothing away when the old revision is another pool’s or is gone', async () => {
    const vm = await stage.aMember({
      labels: { ...labels, tier: 'front', [revisionLabel]: 'web-1' },
    });
    await stage.aRevision('web-1', newer, vm);
    const work = await stage.job(pool, {
      verb: 'update-vm',
      member: target(vm),
      ordinal: 0,
      revision: 'web-2',
      from: 'web-1',
    });
    expect(await stage.perform(work)).toMatchObject(applied);
    const after = metadataOf(await stage.see('VirtualMachine', 'web-0'));
    expect(after['labels']).toEqual({ ...labels, tier: 'front', [revisionLabel]: 'web-2' });
  });

  test('gives a VM of which nothing says what it was made from no disk that it does not make', async () => {
    const disks = (name: string) => [{ metadata: { name }, spec: { source: { blank: {} } } }];
    const own = await stage.aMember();
    const spec = { ...newer.spec, dataVolumeTemplates: disks('data') };
    const withDisks = { virtualMachineTemplate: { ...newer, spec } };
    await stage.merge('VirtualMachinePool', 'web', { spec: withDisks });
    const before = await stage.see('VirtualMachine', 'web-0');
    expect(await stage.perform(await job(own))).toEqual(stale('MemberChanged'));
    await stage.aRevision('web-1', template, own);
    expect(await stage.perform(await job(own, 'web-1'))).toEqual(stale('MemberChanged'));
    expect(await stage.see('VirtualMachine', 'web-0')).toEqual(before);
    const making = { dataVolumeTemplates: disks('data-0') };
    await stage.merge('VirtualMachine', 'web-0', { spec: making });
    expect(await stage.perform(await job(own))).toMatchObject(applied);
    const after = await stage.see('VirtualMachine', 'web-0');
    expect(metadataOf(after)['labels']).toMatchObject({ [revisionLabel]: 'web-2' });
  });

  test('leaves the mark of an extra member, and takes it off one that stays, and nothing else', async () => {
    const made = '0a0b0c0d.1.1.0';
    const annotations = { note: 'mine', [effectAnnotation]: made, [extraAnnotation]: made };
    const vm = await stage.aMember({ annotations });
    await aChange();
    const work = await job(vm, 'web-1');
    expect(await stage.perform(work)).toMatchObject(applied);
    const updated = await stage.see('VirtualMachine', 'web-0');
    expect(metadataOf(updated)['annotations']).toEqual(annotations);
    await stage.aRevision('web-2', newer);
    const stays = await stage.job(pool, {
      verb: 'update-vm',
      ...{ member: target(vm), ordinal: 0, revision: 'web-2', from: 'web-2', stays: true },
    });
    expect(await stage.probe(stays)).toBeUndefined();
    expect(await stage.perform(stays)).toMatchObject(applied);
    const after = await stage.see('VirtualMachine', 'web-0');
    expect(metadataOf(after)['annotations']).toEqual({ note: 'mine', [effectAnnotation]: made });
    expect(after?.['spec']).toEqual(updated?.['spec']);
    expect(await stage.probe(stays)).toMatchObject(already);
    expect(await stage.perform(stays)).toMatchObject(already);
  });

  test('reads again when the VM has changed, and gives up after three times', async () => {
    const vm = await stage.aMember();
    await aChange();
    const work = await job(vm, 'web-1');
    const always = stage.racing('VirtualMachine', 'web-0', 9);
    expect(await stage.perform(work, always)).toEqual(stale('MemberChanged'));
    const twice = stage.racing('VirtualMachine', 'web-0', 2);
    expect(await stage.perform(work, twice)).toMatchObject(applied);
  });

  test('is stale for another template, another’s VM, one that is going, or one that moved on', async () => {
    const vm = await stage.aMember();
    const older = await job(vm, 'web-1');
    await aChange();
    expect(await stage.perform(older)).toEqual(stale('SetChanged'));
    expect(await stage.perform(await job(vm, 'web-7'))).toEqual(stale('MemberChanged'));
    const foreign = await stage.aMember({ name: 'web-9', ownerReferences: [other] });
    expect(await stage.perform(await job(foreign))).toEqual(stale('NotOwned'));
    const work = await job(vm, 'web-1');
    stage.world.remove('VirtualMachine', 'web-0');
    expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
  });
});

describe('restarting a member', () => {
  async function aRunning(spec: object = { runStrategy: 'Always' }) {
    stage.world.stopBehaviour();
    const vm = await stage.aMember({}, spec);
    return { vm, instance: await stage.anInstance(vm) };
  }

  const job = (vm: RawObject, instance: RawObject, revision = 'web-1') =>
    stage.job(pool, {
      verb: 'restart-member',
      member: target(vm),
      instance: target(instance),
      revision,
    });

  test('deletes the VMI once, by its uid', async () => {
    const { vm, instance } = await aRunning();
    const work = await job(vm, instance);
    expect(await stage.probe(work)).toBeUndefined();
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    const going = metadataOf(await stage.sees('VirtualMachineInstance', 'web-0'));
    expect(going['deletionTimestamp']).toBeDefined();
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('never takes the VMI that was started since under the same name', async () => {
    const { vm, instance } = await aRunning();
    const work = await job(vm, instance);
    expect(await stage.perform(work)).toMatchObject(applied);
    await stage.merge('VirtualMachineInstance', 'web-0', { metadata: { finalizers: [] } });
    const fresh = await stage.anInstance(vm);
    expect(uidOf(fresh)).not.toBe(uidOf(instance));
    expect(await stage.perform(work)).toEqual(already);
    const standing = metadataOf(await stage.sees('VirtualMachineInstance', 'web-0'));
    expect(standing).not.toHaveProperty('deletionTimestamp');
  });

  test.each(['RerunOnFailure', 'Manual', 'Halted'])(
    'leaves a VM alone that has become one of %s since, for it would stay down',
    async (runStrategy) => {
      const { vm, instance } = await aRunning();
      const work = await job(vm, instance);
      await stage.merge('VirtualMachine', 'web-0', { spec: { runStrategy } });
      expect(await stage.perform(work)).toEqual(stale('MemberChanged'));
      const standing = metadataOf(await stage.sees('VirtualMachineInstance', 'web-0'));
      expect(standing).not.toHaveProperty('deletionTimestamp');
    },
  );

  test('takes the older spelling of a run strategy as well', async () => {
    const { vm, instance } = await aRunning({ runStrategy: undefined, running: true });
    expect(await stage.perform(await job(vm, instance))).toMatchObject(applied);
  });

  test('waits for the VM to be the updated one, and lets alone a VMI of nobody’s', async () => {
    const { vm, instance } = await aRunning();
    expect(await stage.perform(await job(vm, instance, 'web-2'))).toEqual(stale('MemberChanged'));
    const lonely = await stage.anInstance(vm, { name: 'lonely', ownerReferences: [other] });
    expect(await stage.perform(await job(vm, lonely))).toEqual(stale('NotOwned'));
    const work = await job(vm, instance);
    await stage.merge('VirtualMachinePool', 'web', { spec: { paused: true } });
    expect(await stage.perform(work)).toEqual(stale('SetChanged'));
    expect(await stage.perform(await job(vm, instance))).toEqual(stale('SetPaused'));
  });
});

describe('labelling a VMI', () => {
  const job = (instance: RawObject) =>
    stage.job(pool, { verb: 'label-instance', instance: target(instance), revision: 'web-2' });

  test('writes the revision and the labels that changed, and keeps those of others', async () => {
    stage.world.stopBehaviour();
    const before = { ...labels, tier: 'old', cut: 'x' };
    const kept = { spec: { template: { metadata: { labels: before } } } };
    await stage.aRevision('web-1', kept);
    const now = { ...labels, tier: 'new', [revisionLabel]: 'web-2' };
    const vm = await stage.aMember(
      { labels: { ...labels, [revisionLabel]: 'web-2' } },
      { template: { metadata: { labels: now }, spec: vmi } },
    );
    const instance = await stage.anInstance(vm, {
      labels: { ...before, app: 'by-hand', team: 'blue', [revisionLabel]: 'web-1' },
    });
    const work = await job(instance);
    expect(await stage.perform(work)).toMatchObject(applied);
    const after = metadataOf(await stage.see('VirtualMachineInstance', 'web-0'));
    expect(after['labels']).toEqual({
      ...{ app: 'by-hand', team: 'blue', tier: 'new' },
      [revisionLabel]: 'web-2',
    });
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('is stale while the VM itself is not updated', async () => {
    stage.world.stopBehaviour();
    const instance = await stage.anInstance(await stage.aMember());
    expect(await stage.perform(await job(instance))).toEqual(stale('MemberChanged'));
  });
});

describe('deleting a revision', () => {
  const job = (revision: RawObject) =>
    stage.job(pool, { verb: 'delete-revision', ...target(revision) });

  test('deletes the one of that uid, and is done when it is gone', async () => {
    const work = await job(await stage.aRevision('web-1', template));
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    expect(await stage.see('ControllerRevision', 'web-1')).toBeUndefined();
    expect(await stage.probe(work)).toMatchObject(already);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('leaves the revision of an earlier pool of the name, and one made again', async () => {
    const before = { ...stage.set, metadata: { ...stage.set.metadata, uid: 'earlier' } };
    const foreign = await stage.aRevision('web-1', template, before);
    expect(await stage.perform(await job(foreign))).toEqual(stale('NotOwned'));
    const again = await stage.aRevision('web-2', template);
    const earlier = { ...again, metadata: { ...again.metadata, uid: 'other' } };
    expect(await stage.perform(await job(earlier))).toEqual(already);
    expect(await stage.see('ControllerRevision', 'web-2')).toBeDefined();
  });
});

describe('rolling back', () => {
  const old = { metadata: { labels, annotations: { v: '1' } }, spec: template.spec };
  const asks = (name: string) => ({ metadata: { annotations: { [rollBackAnnotation]: name } } });
  const job = (revision: RawObject) =>
    stage.job(pool, { verb: 'roll-back', revision: target(revision) });

  test('writes the kept template whole and takes the wish off, in one write', async () => {
    const newer = {
      spec: { virtualMachineTemplate: { metadata: { annotations: { v: '2', x: '' } } } },
    };
    await stage.merge('VirtualMachinePool', 'web', newer);
    const revision = await stage.aRevision('web-1', old);
    await stage.merge('VirtualMachinePool', 'web', asks('web-1'));
    const work = await job(revision);
    expect(await stage.perform(work, stage.losingAnswers())).toEqual({ again: true });
    const after = await stage.sees('VirtualMachinePool', 'web');
    expect(after['spec']).toMatchObject({ replicas: 1, virtualMachineTemplate: old });
    expect(Object(after['spec']).virtualMachineTemplate.metadata.annotations).toEqual({ v: '1' });
    expect(metadataOf(after)['annotations'] ?? {}).not.toHaveProperty(rollBackAnnotation);
    expect(await stage.perform(work)).toMatchObject(already);
  });

  test('keeps the spelling that the pool uses', async () => {
    const short = { kind: pool.kind, name: 'short' } as const;
    const made = await stage.make({
      apiVersion: 'pool.kubevirt.io/v1beta1',
      kind: short.kind,
      metadata: { name: short.name },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    });
    const revision = await stage.aRevision('short-1', old, made);
    await stage.merge(short.kind, short.name, asks('short-1'));
    const work = await stage.job(short, { verb: 'roll-back', revision: target(revision) });
    expect(await stage.perform(work)).toMatchObject(applied);
    const after = await stage.sees(short.kind, short.name);
    expect(after['spec']).toMatchObject({ template: old });
    expect(after['spec']).not.toHaveProperty('virtualMachineTemplate');
  });

  test('is stale when nobody asks for it any more, or the revision is another one', async () => {
    const revision = await stage.aRevision('web-1', old);
    expect(await stage.perform(await job(revision))).toEqual(stale('SetChanged'));
    await stage.merge('VirtualMachinePool', 'web', asks('web-1'));
    const wrong = { ...revision, metadata: { ...revision.metadata, uid: 'other' } };
    expect(await stage.perform(await job(wrong))).toEqual(stale('RevisionGone'));
    const work = await job(revision);
    await stage.merge('VirtualMachinePool', 'web', { spec: { replicas: 3 } });
    expect(await stage.perform(work)).toEqual(stale('SetChanged'));
  });

  test('mends a paused pool too', async () => {
    const revision = await stage.aRevision('web-1', old);
    await stage.merge('VirtualMachinePool', 'web', { ...asks('web-1'), spec: { paused: true } });
    expect(await stage.perform(await job(revision))).toMatchObject(applied);
  });
});
