import { describe, expect, test } from 'vitest';
import type { Command } from '#shared/contract/commands.ts';
import { effectId } from '#shared/contract/ids.ts';
import type { Reason } from '#shared/contract/records.ts';
import { setRefOf } from './outcome.ts';
import { waitsUntil, type RefusalQuery } from './refusals.ts';
import { aMoment, given, lineage, startedAt, type Story } from './testing/given.ts';
import {
  aDataVolume,
  aDigest,
  aPool,
  aReplicaSet,
  aRevision,
  aTemplate,
  aVm,
  later,
} from './testing/objects.ts';
import { emptyMemory } from './view.ts';

const create = (name: string) => ({ verb: 'create-vm', name }) as const;
const refused = { outcome: 'refused', reason: 'QuotaExceeded' } as const;

test('after a refusal creates wait, longer each time, and start again one by one', () => {
  const story = given(aPool({ replicas: 8 }), aRevision())
    .acts()
    .shows()
    .after(1000);
  story.settles('create-vm', refused).rests().waitsUntil(2000).after(1000);
  story.decides(create('web-0')).settles('create-vm', refused).rests();
  story.waitsUntil(4000).after(1999).rests().after(1).decides(create('web-0'));
  story.rests();
  story.settles('create-vm', { version: 5000 }).sees(aVm('web-0', { version: 5000 }));
  story.decides(create('web-1'), create('web-2')).rests();
  story.settles('create-vm', { version: 5001 });
  story.decides(create('web-3'), create('web-4'), create('web-5'), create('web-6')).rests();
});

test('the wait never exceeds five minutes', () => {
  const story = given(aReplicaSet({ replicas: 1 }))
    .acts()
    .shows();
  for (let round = 0; round < 14; round += 1) {
    story.settles('create-vmi', refused);
    story.after(300_000).acts();
  }
  expect(story.now).toBeGreaterThan(0);
});

test('250 refusals of one plan count once', () => {
  const story = given(aPool({ replicas: 250 }), aRevision())
    .acts()
    .after(1000);
  story.settles('create-vm', refused).rests();
  story.after(1000).decides(create('web-0'));
});

test('another template is tried at once', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .acts()
    .settles('create-vm', { outcome: 'refused', reason: 'Invalid' })
    .rests()
    .changes({ template: aTemplate({ content: 'v2' }) })
    .decides({ verb: 'create-revision' });
});

test('a refusal stays in the status while nothing is tried, and goes when it no longer matters', () => {
  const story = given(aPool({ replicas: 2 }), aRevision(), aVm('web-0'))
    .acts()
    .shows()
    .after(1000);
  story.settles('create-vm', { ...refused, field: 'spec.template' }).rests();
  const failure = {
    type: 'ReplicaFailure',
    reason: 'FailedScaleOut',
    message: 'error during scale out: creating is refused: QuotaExceeded (spec.template)',
  };
  const conditions = () => {
    const set = story.view.objects.get(story.uid);
    return set?.kind === 'VirtualMachinePool' ? set.status.conditions : undefined;
  };
  expect(conditions()).toMatchObject([failure]);
  story.after(500).changes({ paused: true }).after(1000).rests();
  expect(conditions()).toMatchObject([failure, { type: 'ReplicaPaused' }]);
  story.changes({ paused: false, replicas: 1 }).after(1000).rests();
  expect(conditions()).toEqual([]);
});

test('the message of a condition follows the newest refusal (B18)', () => {
  const story = given(aPool({ replicas: 1 }), aRevision())
    .acts()
    .shows()
    .after(1000);
  story.settles('create-vm', refused).rests().after(1000).acts();
  story.settles('create-vm', { outcome: 'refused', reason: 'Forbidden' }).after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    { message: 'error during scale out: creating is refused: Forbidden' },
  ]);
});

test('events tell a refusal once for each round, without words of the API server', () => {
  const story = given(aPool({ replicas: 3 }), aRevision())
    .acts()
    .shows()
    .after(1000);
  story.settles('create-vm', refused).acts();
  expect(story.plan?.commands.flatMap(({ notice }) => notice ?? [])).toEqual([
    { type: 'Warning', reason: 'FailedCreate', message: 'Error creating VM: QuotaExceeded' },
    {
      type: 'Warning',
      reason: 'FailedScaleOut',
      message: 'error during scale out: creating is refused: QuotaExceeded',
    },
  ]);
  story.shows().waits();
});

test('a taken name holds up that member alone', () => {
  given(aPool({ replicas: 2 }), aRevision())
    .acts()
    .settles(
      'create-vm',
      { outcome: 'refused', reason: 'NameTaken' },
      (command) => command.verb === 'create-vm' && command.ordinal === 0,
    )
    .settles('create-vm', { version: 5000 })
    .rests('1 short of 2')
    .after(1000)
    .decides(create('web-0'));
});

test('a plan that was behind the set is made anew as soon as the set is seen', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .acts()
    .settles('create-vm', { outcome: 'stale', reason: 'SetChanged' })
    .rests()
    .scales(2)
    .decides(create('web-0'), create('web-1'));
});

test('a plan that was behind is tried again after a while though nothing is seen', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .acts()
    .settles('create-vm', { outcome: 'stale', reason: 'SetChanged' })
    .rests()
    .after(1000)
    .decides(create('web-0'));
});

test('a plan that was behind what is seen already is made anew at once', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .acts()
    .scales(2)
    .settles('create-vm', { outcome: 'stale', reason: 'SetChanged' })
    .decides(create('web-0'), create('web-1'));
});

test('a revision name that is taken unseen is passed over', () => {
  given(aPool())
    .decides({ verb: 'create-revision', name: 'web-1' })
    .settles('create-revision', { outcome: 'refused', reason: 'NameTaken' })
    .decides({ verb: 'create-revision', name: 'web-1-2' });
});

test('a finalizer that cannot be written is tried again later, and members wait', () => {
  given(aPool({ finalizers: [] }), aRevision())
    .decides({ verb: 'secure-set' })
    .settles('secure-set', { outcome: 'refused', reason: 'Forbidden' })
    .rests()
    .after(1000)
    .decides({ verb: 'secure-set' });
});

/** Commands of one plan of their own, and how long the next of their class has to wait. */
describe('a refusal of a command on what stands', () => {
  const pool = aPool({ replicas: 2 });
  const [first, second] = [aVm('web-0'), aVm('web-1')];
  const disk = aDataVolume('root-0', { owner: first });
  const effect = effectId(lineage, { epoch: 1, plan: 9 }, 0);
  const common = { effect, because: 'a test' };
  const member = { name: first.meta.name, uid: first.meta.uid };

  function afterNo(command: Command, reason: Reason, outcome: 'refused' | 'stale'): Story {
    const story = given(pool, aRevision(), first, second, disk).folds({
      type: 'decided',
      ...{ epoch: 1, plan: 9, set: setRefOf(pool), mode: 'manage', basis: 1 },
      moment: aMoment(startedAt),
      because: 'a test',
      balance: {
        ...{ desired: 2, active: 2, terminating: 0, ready: 2 },
        ...{ creating: 0, deleting: 0, surplus: 0 },
      },
      template: aDigest(),
      commands: [command],
    });
    return story.settlesEffect(effect, { outcome, reason });
  }

  function wait(story: Story, query: Omit<RefusalQuery, 'now'>): number | undefined {
    const memory = story.view.memories.get(pool.meta.uid) ?? emptyMemory();
    return waitsUntil(story.view, memory, { ...query, now: story.now });
  }

  test('an update holds up its own VM alone, and only under that template', () => {
    const update = { verb: 'update-vm', member, ordinal: 0, revision: 'web-1', ...common } as const;
    const story = afterNo(update, 'Invalid', 'refused');
    const digest = aDigest();
    const target = first.meta.uid;
    expect(wait(story, { class: 'update', digest, target })).toBe(story.now + 1000);
    expect(wait(story, { class: 'update', digest, target: second.meta.uid })).toBeUndefined();
    expect(wait(story, { class: 'update', digest: aDigest('v2'), target })).toBeUndefined();
    expect(wait(story, { class: 'restart', target })).toBeUndefined();
  });

  test('a disk that has changed is tried again as soon as it is seen to be another', () => {
    const { name, uid } = disk.meta;
    const kept = { kind: 'DataVolume', name, uid } as const;
    const preserve = { verb: 'preserve-disk', member, disk: kept, ...common } as const;
    const story = afterNo(preserve, 'DiskChanged', 'stale');
    expect(wait(story, { class: 'preserve', target: uid })).toBe(story.now + 1000);
    story.sees(later(disk, { labels: { touched: 'yes' } }));
    expect(wait(story, { class: 'preserve', target: uid })).toBeUndefined();
  });

  test('securing a member and securing the pool do not wait for each other', () => {
    const secure = { verb: 'secure-member', member, ...common } as const;
    const story = afterNo(secure, 'Forbidden', 'refused');
    expect(wait(story, { class: 'secure-member', target: first.meta.uid })).toBeDefined();
    expect(wait(story, { class: 'secure' })).toBeUndefined();
  });
});
