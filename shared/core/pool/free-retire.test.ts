import { expect, test } from 'vitest';
import { poolFinalizer } from '#shared/contract/words.ts';
import { given } from '../testing/given.ts';
import {
  aForeignVm,
  aPool,
  aRevision,
  aVm,
  aVmWithDisk,
  later,
  terminating,
} from '../testing/objects.ts';

const free = (name: string, purpose: string) =>
  ({ verb: 'free-member', member: { name }, purpose }) as const;

test('lets a member go that someone else deleted, and says so', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .rests()
    .sees(terminating(vm))
    .decides(free('web-0', 'free'))
    .because('web-0 was deleted by someone else')
    .rests();
});

test('lets a member go under the purpose under which it was deleted', () => {
  const vm = aVm('web-1');
  given(aPool({ replicas: 2 }), aRevision(), aVm('web-0'), vm)
    .rests()
    .scales(1)
    .decides({ verb: 'delete-member', member: { name: 'web-1' } })
    .sees(terminating(vm))
    .scales(2)
    .decides(free('web-1', 'scale-in'))
    .rests();
});

test('lets members go at any size, also while creates are refused (B5, B28)', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 3 }), aRevision(), vm)
    .acts()
    .settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' })
    .sees(terminating(vm))
    .decides(free('web-0', 'free'));
});

test('lets members go while paused and while the spec cannot be used', () => {
  const vm = terminating(aVm('web-0'));
  given(aPool({ replicas: 1, paused: true }), aRevision(), vm).decides(free('web-0', 'free'));
  given(aPool({ replicas: 1, problem: 'both templates' }), aRevision(), vm)
    .tells('InvalidTemplate')
    .decides(free('web-0', 'free'));
});

test('tries again after a refusal to let a member go (B7)', () => {
  const vm = terminating(aVm('web-0'));
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .decides(free('web-0', 'free'))
    .settles('free-member', { outcome: 'refused', reason: 'Rejected' })
    .rests()
    .after(1000)
    .decides(free('web-0', 'free'))
    .settles('free-member', { version: 12, uid: vm.meta.uid })
    .rests()
    .sees(later(vm, { finalizers: [] }))
    .rests();
});

test('lets nobody go twice while the first removal is on its way', () => {
  const vm = terminating(aVm('web-0'));
  const story = given(aPool({ replicas: 1 }), aRevision(), vm).acts();
  story.settles('free-member', { version: 12, uid: vm.meta.uid }).rests();
});

test('adds its finalizer beside those of others (B13)', () => {
  given(aPool({ replicas: 0, finalizers: ['other/one'] }), aRevision()).decides({
    verb: 'secure-set',
  });
});

test('retires a deleted pool: first each own member, then the pool with all disks that are left', () => {
  const pool = aPool({ replicas: 2 });
  const [vm, dataVolume, claim, volume] = aVmWithDisk('web-0', 'data-0');
  if (vm === undefined || dataVolume === undefined || claim === undefined) throw new Error('disk');
  const story = given(
    pool,
    aRevision(),
    vm,
    dataVolume,
    claim,
    ...(volume === undefined ? [] : [volume]),
    aVm('web-1'),
  ).rests();
  const deleted = story.view.objects.get(story.uid);
  if (deleted === undefined) throw new Error('pool');
  story
    .sees(terminating(deleted))
    .decides(free('web-0', 'retire'), free('web-1', 'retire'))
    .waits('the pool is being deleted: web-0 is let go, and 1 more wait to be let go')
    .settles(
      'free-member',
      { version: 11, uid: vm.meta.uid },
      (c) => c.verb === 'free-member' && c.member.name === 'web-0',
    )
    .settles('free-member', { outcome: 'already', version: 11 })
    .sees(later(vm, { finalizers: [] }))
    .waits()
    .sees(later(aVm('web-1'), { finalizers: [] }))
    .decides({
      verb: 'retire-set',
      disks: [{ claim: { name: 'data-0' }, member: { name: 'web-0' } }],
    })
    .waits('the pool is being deleted');
});

test('retires while paused, contested by nothing, and without a usable spec', () => {
  given(aPool({ deleted: true, paused: true, problem: 'broken' }), aVm('web-0')).decides(
    free('web-0', 'retire'),
  );
});

test('retires by owner, never by label (B14)', () => {
  const other = aPool({ name: 'other' });
  given(
    aPool({ deleted: true }),
    other,
    aVm('other-0', { owner: other }),
    aForeignVm('loose'),
    aVm('web-0', { labels: { app: 'relabelled' } }),
  ).decides(free('web-0', 'retire'));
});

test('does not retire while a create may still come through (B14)', () => {
  const story = given(aPool({ replicas: 2 }), aRevision()).acts();
  const [first, second] = story.plan?.commands ?? [];
  const pool = story.view.objects.get(story.uid);
  if (pool === undefined) throw new Error('pool');
  story.sees(terminating(pool)).decides();
  expect(story.plan?.withdraws).toEqual([first?.effect, second?.effect]);
  story
    .waits('the pool is being deleted')
    .settles('create-vm', { outcome: 'withdrawn' }, ({ effect }) => effect === first?.effect)
    .waits('the pool is being deleted')
    .sees(aVm('web-1', { effect: second?.effect ?? '' }))
    .decides(free('web-1', 'retire'));
});

test('leaves a deleted pool alone whose finalizer is gone', () => {
  given(aPool({ deleted: true, finalizers: ['other/one'] })).waits();
});

test('tells more disks than one plan lists in several plans', () => {
  const owned = Array.from({ length: 450 }, (_, at) => at).flatMap((at) => {
    const [vm, ...disks] = aVmWithDisk(`web-${at}`, `a-${at}`);
    return vm === undefined ? [] : [vm, ...disks];
  });
  const more = owned.flatMap((object) => {
    if (object.kind !== 'VirtualMachine') return [];
    return aVmWithDisk(object.meta.name, `b-${object.meta.name}`).slice(1);
  });
  const story = given(aPool({ deleted: true, replicas: 450 }), ...owned, ...more);
  story.acts().acts();
  const listed = story.plan?.commands.flatMap((command) =>
    'disks' in command ? command.disks : [],
  );
  expect(listed?.length).toBe(400);
  story.waits();
  for (const vm of owned) {
    if (vm.kind === 'VirtualMachine') story.sees(later(vm, { finalizers: ['foreign'] }));
  }
  story.settles('free-member', { version: 11 }).decides({ verb: 'retire-set', disks: [] });
  expect(poolFinalizer).toBe('pool.kubevirt.io/finalizer');
});

test('lets a member go once, however late its end is seen', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .rests()
    .sees(terminating(vm))
    .decides(free('web-0', 'free'))
    .settles('free-member', { outcome: 'already', uid: vm.meta.uid })
    .rests()
    .loses(vm)
    .decides({ verb: 'create-vm', name: 'web-0' });
});

test('waits for a finalizer that is on its way to a member before it retires the pool', () => {
  const bare = aVm('web-0', { finalizers: [] });
  const story = given(aPool({ replicas: 1 }), aRevision(), bare);
  story.decides({ verb: 'secure-member', member: { name: 'web-0' } });
  const pool = story.view.objects.get(story.uid);
  if (pool === undefined) throw new Error('no pool');
  story.sees(terminating(pool)).waits('the pool is being deleted');
  story.settles('secure-member', { version: 30 }).waits('the pool is being deleted');
  story.sees(aVm('web-0', { version: 30 }));
  story.decides({ verb: 'free-member', member: { name: 'web-0' }, purpose: 'retire' });
});
