import { expect, test } from 'vitest';
import type { Observable, TemplateDigest, Vmi } from '#shared/contract/objects.ts';
import { poolFinalizer, revisionLabel } from '#shared/contract/words.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aDataVolume,
  aDigest,
  aForeignVm,
  aPool,
  aReplicaSet,
  aRevision,
  aTemplate,
  aTemplateWithDisks,
  aVm,
  aVmWithDisk,
  aVmi,
  later,
  terminating,
  vms,
} from '../testing/objects.ts';

const hardware: TemplateDigest = { ...aDigest(), vmiSpec: aDigest('v2').vmiSpec };
const changed = aTemplate({ digest: hardware });
const second = aRevision({ name: 'web-2', digest: hardware, revision: 2 });
const names = ['web-0', 'web-1', 'web-2'];

function instance(vm: Observable, revision: string, options: Parameters<typeof aVmi>[1] = {}): Vmi {
  const from = { [revisionLabel]: revision };
  return aVmi(vm.meta.name, { owner: vm, labels: from, ...options });
}

/** Three VMs that are updated already, and instances that are not. */
function behind(options: Parameters<typeof aPool>[0] = {}): Story {
  const members = names.map((name) => aVm(name, { revision: 'web-2' }));
  return given(
    aPool({ template: changed, ...options }),
    ...[aRevision(), second, ...members, ...members.map((vm) => instance(vm, 'web-1'))],
  );
}

const restart = (name: string) => ({ verb: 'restart-member', instance: { name } }) as const;

test('B8: what is made and what is cleared away are counted apart, so nothing is made twice', () => {
  const [failed, ready] = [aVmi('ci-a', { phase: 'Failed' }), aVmi('ci-b')];
  const story = given(aReplicaSet({ replicas: 2 }), failed, ready).decides({ verb: 'create-vmi' });
  story.decides({ verb: 'delete-member', member: { name: 'ci-a' } });
  // The delete fails at once; the create, which nobody has seen yet, still counts.
  story.settles('delete-member', { outcome: 'refused', reason: 'Rejected' }).rests();
});

test('B9: new disks come though the pool keeps disks at scale-in', () => {
  const template = aTemplateWithDisks('data');
  const digest = { ...template.digest, volumes: { data: aDigest('v2').vmiSpec } };
  const [vm, ...disks] = aVmWithDisk('web-0', 'data-0');
  if (vm === undefined) throw new Error('no VM');
  const story = given(
    aPool({
      ...{ replicas: 1, template: { ...template, digest } },
      scaleIn: { type: 'proactive', preservation: 'Offline' },
      annotations: { 'rollcall.dev/replace-disks': 'web-2' },
    }),
    aRevision({ digest: template.digest }),
    aRevision({ name: 'web-2', digest, revision: 2 }),
    ...[vm, instance(vm, 'web-1'), ...disks],
  );
  story.decides({ verb: 'delete-member', purpose: 'replace' });
  expect(story.plan?.commands[0]).not.toHaveProperty('keepDisks');
  story.sees(terminating(vm)).decides({ verb: 'free-member', purpose: 'replace' });
  // Made anew only when the old disk is gone, whatever the order of garbage collection (B17).
  story
    .loses(vm)
    .rests('1 short of 1')
    .loses(...disks);
  story.decides({ verb: 'create-vm', name: 'web-0', revision: 'web-2' });
});

test('B10: a member that is not ready and needs nothing is not spoken of', () => {
  const ready = { status: 'False' };
  const vm = aVm('web-0', { ready });
  const story = given(aPool({ replicas: 1 }), aRevision(), vm, instance(vm, 'web-1', { ready }));
  story.acts();
  expect(story.plan?.commands.map(({ verb }) => verb)).toEqual(['write-status']);
  expect(story.plan?.commands[0]).not.toHaveProperty('notice');
});

test('B11: that an object is gone is one plain fact, also when its end was missed', () => {
  const vm = aVm('web-0');
  const pool = aPool({ replicas: 1 });
  const story = given(pool, aRevision(), vm).rests();
  story.surveys('VirtualMachine', [], 5000).decides({ verb: 'create-vm', name: 'web-0' });
  story.surveys('VirtualMachinePool', [], 5000).waits('the set is not there');
});

test('B12: the revision of an earlier pool of the name is neither reused nor pruned', () => {
  const earlier = aPool({ uid: 'earlier' });
  const theirs = aRevision({ owner: earlier, uid: 'theirs', digest: aDigest('v0') });
  const story = given(aPool({ replicas: 1 }), theirs);
  story.decides({ verb: 'create-revision', name: 'web-1-2' });
  const own = aRevision({ name: 'web-1-2', version: 2000 });
  story.settles('create-revision', { version: 2000 }).sees(own);
  story.decides({ verb: 'create-vm', name: 'web-0', revision: 'web-1-2' });
  const vm = aVm('web-0', { revision: 'web-1-2', version: 2001 });
  story.settles('create-vm', { version: 2001, uid: vm.meta.uid }).sees(vm).rests();
});

test('B15: an instance is restarted by its uid, and once', () => {
  const story = behind({ maxUnavailable: 1 });
  const old = instance(aVm('web-0'), 'web-1');
  story.decides({ ...restart('web-0'), instance: { name: 'web-0', uid: old.meta.uid } }).rests();
  story.sees(terminating(old)).rests().loses(old).rests();
  story.sees(instance(aVm('web-0'), 'web-2', { uid: 'next' }));
  story.decides(restart('web-1'));
});

test('B16: two pools with one disk name do not share a disk, whichever comes first', () => {
  const template = aTemplateWithDisks('data');
  const other = aPool({ name: 'other', template });
  const taken = aVm('other-0', { owner: other, disks: [{ name: 'data-0' }] });
  const revision = aRevision({ digest: template.digest });
  const story = given(aPool({ replicas: 2, template }), revision, other, taken);
  story.decides({ verb: 'create-vm', name: 'web-1' });
});

test('B17: no member starts on the disk of one that is gone but for its disk', () => {
  const template = aTemplateWithDisks('data');
  const [vm, ...disks] = aVmWithDisk('web-0', 'data-0');
  if (vm === undefined) throw new Error('no VM');
  const story = given(
    aPool({ replicas: 1, template }),
    aRevision({ digest: template.digest }),
    ...[vm, ...disks],
  ).rests();
  story.loses(vm).rests('1 short of 1');
  const [dataVolume = aDataVolume('data-0')] = disks;
  story.sees(terminating(dataVolume)).rests();
  story.loses(...disks).decides({ verb: 'create-vm', name: 'web-0' });
});

test('B18: a failure stays told while nothing is tried', () => {
  const story = given(aPool({ replicas: 1 }), aRevision())
    .decides({ verb: 'create-vm' })
    .shows();
  story.settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' }).after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    { type: 'ReplicaFailure', reason: 'FailedScaleOut' },
  ]);
  // The next attempt is under way, and nothing has come of it yet.
  story.shows().after(1000).rests();
  story.changes({ paused: true }).after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    { type: 'ReplicaFailure' },
    { type: 'ReplicaPaused' },
  ]);
});

test('B21: a label takes none of the budget, and a full budget asks for no timer of its own', () => {
  const labelsOnly: TemplateDigest = { ...aDigest(), metadata: aDigest('v2').vmiSpec };
  const members = names.map((name) => aVm(name, { revision: 'web-2' }));
  given(
    aPool({ maxUnavailable: 1, template: aTemplate({ digest: labelsOnly }) }),
    ...[aRevision(), aRevision({ name: 'web-2', digest: labelsOnly, revision: 2 })],
    ...[...members, ...members.map((vm) => instance(vm, 'web-1'))],
  ).decides(...names.map((name) => ({ verb: 'label-instance' as const, instance: { name } })));
  const down = behind({ maxUnavailable: 1 }).decides(restart('web-0')).rests();
  // The deadline of the roll-out is all that it waits for.
  down.waitsUntil(600_000);
});

test('B21: one that is missing or going counts against the budget', () => {
  const story = behind({ maxUnavailable: 1 });
  const gone = aVm('web-2', { revision: 'web-2' });
  story.sees(terminating(gone)).decides({ verb: 'free-member' }).rests();
  story.loses(gone).decides({ verb: 'create-vm', name: 'web-2' }).rests();
});

test('B22: a member without an ordinal is left alone, and holds up nobody', () => {
  const story = given(
    aPool({ template: changed, replicas: 2 }),
    ...[aRevision(), second, aVm('web-0'), aVm('handmade', { labels: { [revisionLabel]: 'x' } })],
  );
  story.decides({ verb: 'update-vm', member: { name: 'web-0' } }).rests();
});

test('B23: what is refused is tried again one by one, not all at once', () => {
  const story = given(aPool({ replicas: 200 }), aRevision()).acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'create-vm')).toHaveLength(200);
  story.settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' });
  story.acts().shows().after(1000).decides({ verb: 'create-vm', name: 'web-0' });
});

test('B24: a pool and a replica set own members by uid and by their own kind', () => {
  const name = 'web';
  const set = aReplicaSet({ name, replicas: 1 });
  const story = given(aPool({ replicas: 1 }), set, aRevision(), aVm('web-0'));
  story.rests();
  expect(story.outcome(set.meta.uid)).toMatchObject({ type: 'act' });
});

test('B25: a refusal is told with its own reason', () => {
  const story = given(aPool({ replicas: 0 }), aRevision(), aVm('web-0'));
  story.decides({ verb: 'delete-member' }).shows();
  story.settles('delete-member', { outcome: 'refused', reason: 'Rejected', field: 'spec' });
  story.after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    {
      reason: 'FailedScaleIn',
      message: 'error during scale in: deleting is refused: Rejected (spec)',
    },
  ]);
});

test('B26: a decision looks at what the set owns, not at the namespace', () => {
  const strangers = Array.from({ length: 500 }, (_, at) => aForeignVm(`db-${at}`));
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'), ...strangers).rests();
  expect(story.view.owned.get(story.uid)?.size).toBe(2);
  expect([...story.view.loose.values()].flatMap((uids) => [...uids])).toEqual([]);
});

test('B27: a pool without a template is told, not stumbled over', () => {
  const { template: _, ...bare } = aPool({ replicas: 1 });
  const story = given(bare, aVm('web-0')).tells(
    'InvalidTemplate',
    'the spec has no usable template',
  );
  story.rests();
});

test('B28: a member that is deleted to make room goes while creates are refused', () => {
  const vm = aVm('web-0');
  const story = given(aPool({ replicas: 2 }), aRevision(), vm).decides({ verb: 'create-vm' });
  story.settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' }).acts().shows();
  story.sees(terminating(vm)).decides({ verb: 'free-member', member: { name: 'web-0' } });
});

test('B29: adopting and releasing name the member alone, and no list of owners', () => {
  const orphan = later(aVmi('lost'), { owners: [] });
  const story = given(aReplicaSet({ replicas: 1 }), orphan).decides({ verb: 'adopt-member' });
  const fields = ['because', 'effect', 'member', 'verb'];
  expect(Object.keys(story.plan?.commands[0] ?? {}).toSorted()).toEqual(fields);
  const stray = aVmi('ci-a', { labels: { app: 'mine' } });
  const releasing = given(aReplicaSet({ replicas: 0 }), stray).decides({ verb: 'release-member' });
  expect(Object.keys(releasing.plan?.commands[0] ?? {}).toSorted()).toEqual(fields);
});

test('B30: members of one second go by ordinal, whatever order they are told in', () => {
  const selection = { sort: 'Newest' } as const;
  const pool = aPool({ replicas: 1, scaleIn: { type: 'proactive', selection } });
  for (const told of [vms(0, 4), vms(0, 4).toReversed()]) {
    given(pool, aRevision(), ...told).decides(
      ...['web-3', 'web-2', 'web-1'].map((name) => ({
        verb: 'delete-member' as const,
        member: { name },
      })),
    );
  }
});

test('B3: a member that left is whole again: only our reference and our finalizer are taken', () => {
  const [vm = aVm('none')] = vms(0, 1);
  const story = given(aPool({ replicas: 1 }), aRevision(), vm).rests();
  const mine = later(vm, { labels: { app: 'mine' } });
  expect(mine.meta.finalizers).toContain(poolFinalizer);
  story.sees(mine).decides({ verb: 'release-member', member: { name: 'web-0' } });
});

test('B14: members of another pool that the selector matches are not let go', () => {
  const other = aPool({ name: 'other' });
  const theirs = aVm('other-0', { owner: other });
  const pool = terminating(aPool({ replicas: 0 }));
  given(pool, other, aRevision(), theirs).decides({ verb: 'retire-set' });
});
