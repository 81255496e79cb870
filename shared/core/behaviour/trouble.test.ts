import { expect, test } from 'vitest';
import type { Vmi } from '#shared/contract/objects.ts';
import { given } from '../testing/given.ts';
import {
  aDigest,
  aForeignVm,
  aPool,
  aReplicaSet,
  aRevision,
  aTemplate,
  aTemplateWithDisks,
  aVm,
  aVmi,
  later,
  terminating,
  vms,
} from '../testing/objects.ts';

/** What goes wrong around a set, and what it does about it. */

const create = (name: string) => ({ verb: 'create-vm', name }) as const;
const quota = { outcome: 'refused', reason: 'QuotaExceeded' } as const;
const third = aDigest('v3');

test('under a quota creates wait longer each time and go on as soon as there is room', () => {
  const story = given(aPool({ replicas: 2 }), aRevision(), aVm('web-0')).decides(create('web-1'));
  story.shows().settles('create-vm', quota).acts().shows();
  story.after(1000).decides(create('web-1')).shows();
  story.settles('create-vm', quota).acts().shows();
  story.after(1000).rests().after(1000).decides(create('web-1')).shows();
  const vm = aVm('web-1', { version: 2000 });
  story.settles('create-vm', { version: 2000, uid: vm.meta.uid }).sees(vm);
  story.after(1000).acts();
  expect(story.status).toMatchObject({ replicas: 2, conditions: [] });
});

test('what a webhook denies is told without its words, and tried again', () => {
  const denied = { outcome: 'refused', reason: 'Rejected', field: 'spec.template' } as const;
  const story = given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .shows();
  story.settles('create-vm', denied).after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    { message: 'error during scale out: creating is refused: Rejected (spec.template)' },
  ]);
  story.shows().rests();
});

test('a template that is refused backs off, another one is tried at once, slowly', () => {
  const story = given(aPool({ replicas: 8 }), aRevision())
    .acts()
    .shows();
  story.settles('create-vm', { outcome: 'refused', reason: 'Invalid' }).acts().shows().rests();
  story.changes({ template: aTemplate({ digest: third }) });
  story.decides({ verb: 'create-revision', name: 'web-2' });
  const revision = aRevision({ name: 'web-2', digest: third, revision: 2, version: 2000 });
  story.settles('create-revision', { version: 2000 }).sees(revision);
  story.decides(create('web-0'));
  const vm = aVm('web-0', { revision: 'web-2', version: 2001 });
  story.settles('create-vm', { version: 2001, uid: vm.meta.uid }).sees(vm);
  story.decides(create('web-1'), create('web-2'));
});

test('the name of a foreign machine is passed over, seen or not', () => {
  given(aPool({ replicas: 2 }), aRevision(), aForeignVm('web-0')).decides(
    create('web-1'),
    create('web-2'),
  );
  const story = given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0'));
  story.settles('create-vm', { outcome: 'refused', reason: 'NameTaken' }).acts();
  story.sees(aForeignVm('web-0')).decides(create('web-1'));
});

test('of two pools with one disk name only one makes the member of an ordinal', () => {
  const template = aTemplateWithDisks('data');
  const [one, other] = ['web', 'api'].map((name) => aPool({ name, replicas: 1, template }));
  if (one === undefined || other === undefined) throw new Error('two pools');
  const story = given(
    ...[one, other, aRevision({ digest: template.digest })],
    aRevision({ name: 'api-1', owner: other, digest: template.digest }),
  );
  story.decides(create('web-0'));
  const answer = story.outcome(other.meta.uid);
  const made = answer.type === 'act' ? answer.decided.commands.map(({ verb }) => verb) : [];
  expect(made).not.toContain('create-vm');
});

test('a member that hangs in its deletion keeps its place in a pool', () => {
  const vm = aVm('web-0');
  const stuck = { ...vm, meta: { ...vm.meta, finalizers: ['example.com/hold'] } };
  given(aPool({ replicas: 1 }), aRevision(), terminating(stuck))
    .rests()
    .after(3_600_000)
    .rests();
});

test('a member that hangs in its deletion is replaced at once in a replica set', () => {
  given(aReplicaSet({ replicas: 1 }), terminating(aVmi('ci-a')))
    .decides({ verb: 'create-vmi' })
    .rests();
});

const lost = { status: 'False', reason: 'PodTerminating' } as const;

test.each<[string, Partial<Vmi>, boolean]>([
  ['while its pod still stands, nothing happens', { ready: { status: 'False' } }, false],
  ['once its pod is being taken away, it is replaced', { ready: lost }, true],
  ['once it is known to have failed, it is replaced', { phase: 'Failed' }, true],
])('of an instance on a lost node: %s', (_, fields, isReplaced) => {
  const vmi = aVmi('ci-a');
  const story = given(aReplicaSet({ replicas: 1 }), vmi)
    .rests()
    .sees(later(vmi, {}, fields));
  if (isReplaced) story.decides({ verb: 'create-vmi' });
  else story.rests();
});

test('in a namespace that is going nothing is made, and what goes is let go', () => {
  const pool = aPool({ replicas: 2 });
  const [zero = aVm('none'), one = aVm('none')] = vms(0, 2);
  const story = given(pool, aRevision(), zero, one).rests();
  story.sees(terminating(zero)).decides({ verb: 'free-member', member: { name: 'web-0' } });
  story.loses(zero).decides(create('web-0'));
  const ending = { outcome: 'refused', reason: 'NamespaceTerminating' } as const;
  story.settles('create-vm', ending);
  story.changes({}, { deletedAt: '2026-01-02T00:00:00Z' });
  story.decides({ verb: 'free-member', member: { name: 'web-1' } });
});

test('a pool made again under its name begins with nothing of the old one', () => {
  const old = aPool({ replicas: 2 });
  const orphans = vms(0, 2).map((vm) => later(vm, { owners: [], finalizers: [] }));
  const again = aPool({ uid: 'again', replicas: 1, finalizers: [], version: 50 });
  const story = given(again, ...orphans, aRevision({ owner: old }));
  story.decides({ verb: 'secure-set' }).settles('secure-set', { version: 51 });
  story.sees(aPool({ uid: 'again', replicas: 1, version: 51 }));
  story.decides({ verb: 'create-revision', name: 'web-1-2' });
  const own = aRevision({ name: 'web-1-2', owner: again, version: 60 });
  story.settles('create-revision', { version: 60 }).sees(own);
  // The ordinals of the orphans are theirs as long as they stand.
  story.decides({ verb: 'create-vm', name: 'web-2', revision: 'web-1-2' });
});

test.each(['orphan', 'foregroundDeletion'])(
  'a pool that is deleted with %s lets its members go first, then itself',
  (finalizer) => {
    const pool = aPool({ replicas: 1 });
    const vm = aVm('web-0');
    const story = given(pool, aRevision(), vm).rests();
    const finalizers = [...pool.meta.finalizers, finalizer];
    story.changes({}, { finalizers, deletedAt: '2026-01-02T00:00:00Z' });
    story.decides({ verb: 'free-member', purpose: 'retire' });
    const freed = later(vm, { finalizers: ['kubevirt.io/virtualMachineControllerFinalize'] });
    story.settles('free-member', { version: 11, uid: vm.meta.uid }).sees(freed);
    story.decides({ verb: 'retire-set' });
  },
);

test('a member that was orphaned before the pool could let it go is let go all the same', () => {
  const vm = later(aVm('web-0'), { owners: [] });
  const pool = terminating(aPool({ replicas: 1 }));
  given(pool, aRevision(), vm).decides({ verb: 'free-member', member: { name: 'web-0' } });
});

test('sets with overlapping selectors keep what is theirs, and adopt what is nobody’s once', () => {
  const other = aReplicaSet({ name: 'other', replicas: 1 });
  const theirs = aVmi('other-a', { owner: other });
  const story = given(aReplicaSet({ replicas: 1 }), other, theirs, aVmi('ci-a')).rests();
  const pool = aPool({ name: 'api', replicas: 1 });
  given(
    aPool({ replicas: 1 }),
    pool,
    aRevision(),
    aVm('web-0'),
    aVm('api-0', { owner: pool }),
  ).rests();
  const orphan = later(aVmi('lost'), { owners: [] });
  story.sees(orphan).decides({ verb: 'adopt-member', member: { name: 'lost' } });
  story.settles('adopt-member', { outcome: 'stale', reason: 'NotOwned' });
  story.sees(later(aVmi('lost', { owner: other, version: 20 }), {})).rests();
});

test('1 → 1000 → 1 in a second makes nothing that has not begun', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0')).rests();
  story.scales(1000).acts().scales(1).decides();
  expect(story.plan?.withdraws).toHaveLength(250);
  story.settles('create-vm', { outcome: 'withdrawn' }).rests();
});

test('5 → 2 → 3 before the first is gone ends with three', () => {
  const five = vms(0, 5);
  const story = given(aPool({ replicas: 5 }), aRevision(), ...five).rests();
  const gone = five.slice(2);
  story
    .scales(2)
    .acts()
    .sees(...gone.map(terminating));
  story.scales(3).acts();
  expect(story.plan?.commands.map(({ verb }) => verb)).not.toContain('delete-member');
  story.loses(...gone).decides(create('web-2'));
});
