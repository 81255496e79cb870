import { describe, expect, test } from 'vitest';
import type { Command } from '#shared/contract/commands.ts';
import { effectId } from '#shared/contract/ids.ts';
import type { Observable, Pool } from '#shared/contract/objects.ts';
import type { Decided } from '#shared/contract/records.ts';
import { memoryOf } from './fold.ts';
import { setRefOf } from './outcome.ts';
import { fromSnapshot, toSnapshot } from './snapshot.ts';
import { aMoment, given, lineage, startedAt, type Story } from './testing/given.ts';
import {
  aDataVolume,
  aPool,
  aReplicaSet,
  aRevision,
  aVm,
  aVmi,
  later,
  terminating,
} from './testing/objects.ts';

const create = (name: string) => ({ verb: 'create-vm', name }) as const;

test('a create ends when its object is seen, before any outcome', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .sees(aVm('web-0', { effect: `${lineage}.1.1.0` }))
    .rests('1 of 1: nothing to do');
});

test('a copied effect annotation under another name ends nothing', () => {
  const story = given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0'));
  story.sees(aVm('copy', { effect: `${lineage}.1.1.0`, owner: aPool({ uid: 'other' }) }));
  expect([...story.view.pending.keys()]).toContain(`${lineage}.1.1.0`);
});

test('a create that is gone again before it is seen ends with a survey past its version', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .settles('create-vm', { version: 1500 })
    .surveys('VirtualMachine', [], 1400)
    .rests()
    .surveys('VirtualMachine', [], 1500)
    .decides(create('web-0'));
});

test('a create ends when its uid is known to be gone', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .loses(vm)
    .rests()
    .settles('create-vm', { version: 10, uid: vm.meta.uid })
    .decides(create('web-0'));
});

test('a survey does not end a create of which no outcome is known', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .surveys('VirtualMachine', [], 9000)
    .rests();
});

test.each(['expired', 'superseded', 'withdrawn'] as const)(
  'a %s create may be made again at once',
  (outcome) => {
    given(aPool({ replicas: 1 }), aRevision())
      .decides(create('web-0'))
      .settles('create-vm', { outcome })
      .decides(create('web-0'));
  },
);

test('the first outcome of an effect wins', () => {
  const story = given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0'));
  const effect = story.plan?.commands[0]?.effect;
  if (effect === undefined) throw new Error('effect');
  story.settlesEffect(effect, { version: 1500 });
  story.settlesEffect(effect, { outcome: 'refused', reason: 'QuotaExceeded' });
  expect(story.view.pending.get(effect)?.outcome?.outcome).toBe('applied');
  story.rests();
});

test('a delete ends when the member is terminating, not when the API server said yes', () => {
  const vmi = aVmi('ci-b');
  given(aReplicaSet({ replicas: 2 }), aVmi('ci-a'), vmi)
    .rests()
    .scales(1)
    .acts()
    .settles('delete-member', { version: 11, uid: vmi.meta.uid })
    .scales(2)
    .decides({ verb: 'create-vmi' })
    .sees(terminating(vmi))
    .rests();
});

test('a patch that changed nothing ends with the version that it answered', () => {
  const set = aReplicaSet({ replicas: 0 });
  const bare = { ...set, meta: { ...set.meta, annotations: {} } };
  const story = given(bare).decides({ verb: 'mark-api-version' });
  story.settles('mark-api-version', { outcome: 'already', version: 10 });
  expect([...story.view.pending.values()].map(({ command }) => command.verb)).toEqual([
    'write-status',
  ]);
});

test('commands of an older epoch stay pending until they are settled, and plans count anew', () => {
  const story = given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .opens()
    .rests();
  story.settles('create-vm', { outcome: 'superseded' }).decides(create('web-0'));
  expect(story.plan?.epoch).toBeGreaterThan(1);
  expect(story.plan?.commands[0]?.effect).toBe(
    `${lineage}.${story.plan?.epoch}.${story.plan?.plan}.0`,
  );
});

test('an epoch that comes again in a log that was set back names its effects otherwise', () => {
  const plans = ['one', 'another'].map((run) => {
    const story = given(aPool({ replicas: 1 }), aRevision());
    story.folds({ type: 'opened', lineage, codeVersion: 'test', holder: 'test', run });
    return story.decides(create('web-0')).plan;
  });
  expect(plans[0]?.epoch).toBe(plans[1]?.epoch);
  expect(plans[0]?.commands[0]?.effect).not.toBe(plans[1]?.commands[0]?.effect);
});

test('a replica set that scales down and up does not reuse a name', () => {
  const story = given(aReplicaSet({ replicas: 1 })).acts();
  const [first] = story.plan?.commands ?? [];
  story.settles('create-vmi', { outcome: 'refused', reason: 'QuotaExceeded' }).after(1000).acts();
  const [second] = story.plan?.commands ?? [];
  expect(first).not.toMatchObject({
    name: second !== undefined && 'name' in second && second.name,
  });
});

test('an object changed by others does not end a command on it before its outcome', () => {
  const vm = terminating(aVm('web-0'));
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .decides({ verb: 'free-member' })
    .sees(later(vm, { labels: { changed: 'yes' } }))
    .rests();
});

/** What each verb waits for, on a view that a plan of it alone was folded into. */
describe('a command on what stands', () => {
  const pool = aPool({ replicas: 1 });
  const vm = aVm('web-0');
  const vmi = aVmi('web-0', { owner: vm });
  const disk = aDataVolume('root-0', { owner: vm });
  const revision = aRevision();
  const member = { name: vm.meta.name, uid: vm.meta.uid };
  const instance = { name: vmi.meta.name, uid: vmi.meta.uid };
  const effect = effectId(lineage, { epoch: 1, plan: 9 }, 0);
  const common = { effect, because: 'a test' };

  const patches: readonly (readonly [Observable, Command])[] = [
    [vm, { verb: 'secure-member', member, ...common }],
    [vm, { verb: 'release-member', member, ...common }],
    [vm, { verb: 'adopt-member', member, ...common }],
    [vm, { verb: 'update-vm', member, ordinal: 0, revision: 'web-2', ...common }],
    [vmi, { verb: 'label-instance', instance, revision: 'web-2', ...common }],
    [pool, { verb: 'roll-back', revision: { name: 'web-1', uid: revision.meta.uid }, ...common }],
  ];
  const removals: readonly (readonly [Observable, Command])[] = [
    [vmi, { verb: 'restart-member', member, instance, revision: 'web-1', ...common }],
    [revision, { verb: 'delete-revision', name: 'web-1', uid: revision.meta.uid, ...common }],
  ];

  function begun(command: Command): Story {
    return given(pool, revision, vm, vmi, disk).folds({ ...aPlan(pool), commands: [command] });
  }

  function isPending(story: Story): boolean {
    return story.view.pending.has(effect);
  }

  test.each(patches)(
    'of %o ends when it is seen at the version of the outcome',
    (object, command) => {
      const story = begun(command);
      story.sees(later(object, {}));
      expect(isPending(story)).toBe(true);
      const version = Number(object.meta.resourceVersion) + 2;
      story.settlesEffect(effect, { version, uid: object.meta.uid });
      expect(isPending(story)).toBe(true);
      story.sees(later(later(object, {}), {}));
      expect(isPending(story)).toBe(false);
    },
  );

  test.each([...patches, ...removals])('of %o ends when that is gone', (object, command) => {
    const story = begun(command);
    story.loses(object);
    expect(isPending(story)).toBe(false);
  });

  test.each(removals)('of %o ends when that is going, before any outcome', (object, command) => {
    const story = begun(command);
    story.settlesEffect(effect, { version: 99, uid: object.meta.uid });
    expect(isPending(story)).toBe(true);
    story.sees(terminating(object));
    expect(isPending(story)).toBe(false);
  });

  test('that keeps a disk ends when the disk no longer names the member', () => {
    const { name, uid } = disk.meta;
    const kept = { kind: 'DataVolume', name, uid } as const;
    const story = begun({ verb: 'preserve-disk', member, disk: kept, ...common });
    expect(isPending(story)).toBe(true);
    expect(memoryOf(story.view, pool.meta.uid).keeps.has(vm.meta.uid)).toBe(true);
    story.sees(later(disk, { owners: [] }));
    expect(isPending(story)).toBe(false);
  });

  test.each([...patches, ...removals])('of %o ends with a certain no', (_object, command) => {
    const story = begun(command);
    story.settlesEffect(effect, { outcome: 'stale', reason: 'MemberChanged' });
    expect(isPending(story)).toBe(false);
  });
});

describe('a member whose disks outlive it', () => {
  const pool = aPool({ replicas: 1 });
  const vm = aVm('web-0');
  const effect = effectId(lineage, { epoch: 1, plan: 9 }, 0);
  const removal: Command = {
    verb: 'delete-member',
    effect,
    because: 'a test',
    member: { name: vm.meta.name, uid: vm.meta.uid },
    purpose: 'scale-in',
    disks: [],
    keepDisks: true,
  };
  const keeps = (story: Story) => [...memoryOf(story.view, pool.meta.uid).keeps];
  const removed = () => given(pool, aRevision(), vm).folds({ ...aPlan(pool), commands: [removal] });

  test('is remembered from the decision on, and across a snapshot', () => {
    const story = removed();
    expect(keeps(story)).toEqual([vm.meta.uid]);
    const again = fromSnapshot(toSnapshot(story.view));
    expect(again?.memories.get(pool.meta.uid)?.keeps).toEqual(new Set([vm.meta.uid]));
  });

  test('is forgotten when its delete certainly came to nothing', () => {
    const story = removed();
    story.settlesEffect(effect, { outcome: 'refused', reason: 'Forbidden' });
    expect(keeps(story)).toEqual([]);
  });

  test('is remembered while it is going, and forgotten when it is gone', () => {
    const story = removed();
    story.settlesEffect(effect, { version: 11, uid: vm.meta.uid }).sees(terminating(vm));
    expect(keeps(story)).toEqual([vm.meta.uid]);
    story.loses(vm);
    expect(keeps(story)).toEqual([]);
  });
});

function aPlan(pool: Pool): Omit<Decided, 'commands'> {
  return {
    type: 'decided',
    ...{ epoch: 1, plan: 9, set: setRefOf(pool), mode: 'manage', basis: 1 },
    moment: aMoment(startedAt),
    because: 'a test',
    balance: {
      ...{ desired: 1, active: 1, terminating: 0, ready: 1 },
      ...{ creating: 0, deleting: 0, surplus: 0 },
    },
  };
}
