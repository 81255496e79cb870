import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
import { aPool, aRevision, aVm, aVmWithDisk, terminating, vms } from '../testing/objects.ts';

const remove = (name: string) =>
  ({ verb: 'delete-member', member: { name }, purpose: 'scale-in' }) as const;
const create = (name: string) => ({ verb: 'create-vm', name }) as const;

const five = () => given(aPool({ replicas: 5 }), aRevision(), ...vms(0, 5)).rests();

test('removes the highest ordinals and keeps the lowest', () => {
  five()
    .scales(2)
    .decides(remove('web-4'), remove('web-3'), remove('web-2'))
    .because('replicas lowered from 5 to 2: highest ordinal first')
    .rests();
});

test('compares ordinals as numbers, and takes a member without one last', () => {
  given(
    aPool({ replicas: 4 }),
    aRevision(),
    aVm('web-9'),
    aVm('web-10'),
    aVm('adopted'),
    aVm('web-0'),
  )
    .rests()
    .scales(1)
    .decides(remove('web-10'), remove('web-9'), remove('web-0'));
});

test('lists every disk that goes with a member, with its class, size and volume', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), ...aVmWithDisk('web-0', 'data-0'));
  const { plan } = story.rests().scales(0).acts();
  expect(plan?.commands[0]).toMatchObject({
    verb: 'delete-member',
    disks: [
      {
        claim: { name: 'data-0', uid: 'PersistentVolumeClaim:data-0' },
        dataVolume: { name: 'data-0', uid: 'DataVolume:data-0' },
        volume: { name: 'pv-data-0', uid: 'PersistentVolume:pv-data-0' },
        storageClass: 'fast',
        size: '1Gi',
        member: { name: 'web-0', uid: 'VirtualMachine:web-0', ordinal: 0 },
      },
    ],
    notice: {
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: 'Deleted VM default/web-0 with uid VirtualMachine:web-0 from pool',
    },
  });
});

test('keeps the chosen ones and the next twenty among the candidates', () => {
  const { plan } = given(aPool({ replicas: 60 }), aRevision(), ...vms(0, 60))
    .rests()
    .scales(55)
    .acts();
  expect(plan?.candidates).toHaveLength(25);
  expect(plan?.candidates?.filter(({ chosen }) => chosen)).toHaveLength(5);
});

test('does not count members that are on their way out already (B1: 5 → 2 → 3)', () => {
  const [, , two, three, four] = vms(0, 5);
  const story = five().scales(2).acts();
  for (const vm of [two, three, four]) if (vm !== undefined) story.sees(terminating(vm));
  story
    .scales(3)
    .decides(
      { verb: 'free-member', member: { name: 'web-2' }, purpose: 'scale-in' },
      { verb: 'free-member', member: { name: 'web-3' }, purpose: 'scale-in' },
      { verb: 'free-member', member: { name: 'web-4' }, purpose: 'scale-in' },
    )
    .rests();
});

test('calls back a delete that has not begun when replicas rise again', () => {
  const story = five().scales(2).acts();
  const effects = story.plan?.commands.map(({ effect }) => effect);
  story.scales(3).decides();
  expect(story.plan?.withdraws).toEqual([effects?.[2]]);
  story.rests();
});

test('deletes too few rather than too many when deletes become stale', () => {
  five()
    .scales(2)
    .acts()
    .scales(3)
    .settles('delete-member', { outcome: 'stale', reason: 'SetChanged' })
    .decides(remove('web-4'), remove('web-3'))
    .rests();
});

test('has members deleted by others count first (B1: two of three deleted, replicas 2)', () => {
  const [zero, one, two] = vms(0, 3);
  const story = given(aPool({ replicas: 3 }), aRevision(), ...vms(0, 3)).rests();
  for (const vm of [zero, one]) if (vm !== undefined) story.sees(terminating(vm));
  story
    .scales(2)
    .decides({ verb: 'free-member', purpose: 'free' }, { verb: 'free-member', purpose: 'free' });
  expect(two?.meta.name).toBe('web-2');
  story.rests();
});

test('turns back at once: 1 → 1000 → 1', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .rests()
    .scales(1000);
  story.acts().acts().waits();
  story.scales(1).decides();
  expect(story.plan?.withdraws).toHaveLength(500);
  expect(story.plan?.because).toBe('replicas is 1 now: what has not begun is called back');
  story
    .rests()
    .settles('create-vm', { outcome: 'withdrawn' }, ({ because }) => because !== '')
    .rests('1 of 1: nothing to do');
});

test('calls back no more than is too much, and each create once: 1 → 5 → 3', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .rests()
    .scales(5)
    .acts();
  const effects = story.plan?.commands.map(({ effect }) => effect);
  story.scales(3).decides();
  expect(story.plan?.withdraws).toEqual([effects?.[3], effects?.[2]]);
  story.rests();
});

test('removes what was made before it could be called back', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .rests()
    .scales(3)
    .acts();
  const made = story.plan?.commands[0];
  story
    .scales(1)
    .decides()
    .settles('create-vm', { outcome: 'withdrawn' }, ({ effect }) => effect !== made?.effect)
    .sees(aVm('web-1', { effect: made?.effect ?? '' }))
    .decides(remove('web-1'))
    .rests();
});

test('waits with a member whose delete is refused, and never takes the next instead', () => {
  const story = five().scales(4).acts().shows().after(1500);
  story
    .settles('delete-member', { outcome: 'refused', reason: 'Forbidden' })
    .rests()
    .waitsUntil(2500);
  const failure = story.view.objects.get(story.uid);
  expect(failure).toMatchObject({
    status: { conditions: [{ type: 'ReplicaFailure', reason: 'FailedScaleIn' }] },
  });
  story.after(1000).decides(remove('web-4'));
});

test.each([
  ['rollcall.dev/scale-in-disks: kept', { 'rollcall.dev/scale-in-disks': 'kept' }],
  ['rollcall.dev/autohealing: yes', { 'rollcall.dev/autohealing': 'yes' }],
  ['rollcall.dev/scale-in-disk', { 'rollcall.dev/scale-in-disk': 'keep' }],
])('is never scaled in while annotation %s is not understood, and says so once', (text, map) => {
  const story = given(aPool({ replicas: 5, annotations: map }), aRevision(), ...vms(0, 5));
  const because = `not scaled in because of annotation ${text}, which says nothing to us`;
  story.tells('InvalidAnnotation', because).rests().scales(2).rests();
  expect(story.view.objects.get(story.uid)).toMatchObject({
    status: { conditions: [{ type: 'InvalidAnnotation', status: 'True' }] },
  });
  story.scales(6).decides(create('web-5'));
});

test.each([
  ['scale-in-disks: delete', { annotations: { 'rollcall.dev/scale-in-disks': 'delete' } }],
  ['mode', { annotations: { 'rollcall.dev/mode': 'manage', 'rollcall.dev/paused': 'false' } }],
])('is scaled in all the same with %s', (_, options) => {
  given(aPool({ replicas: 3, ...options }), aRevision(), ...vms(0, 3))
    .rests()
    .scales(2)
    .decides(remove('web-2'));
});

test('calls back deletes that have not begun once an annotation is not understood', () => {
  const story = five().scales(2).acts();
  story.changes({}, { annotations: { 'rollcall.dev/scale-in-disks': 'perhaps' } });
  story.tells('InvalidAnnotation').decides();
  expect(story.plan?.withdraws).toHaveLength(3);
});

test('tells that the hold is over', () => {
  const annotations = { 'rollcall.dev/scale-in-disks': 'perhaps' };
  const story = given(aPool({ replicas: 3, annotations }), aRevision(), ...vms(0, 3));
  story.tells('InvalidAnnotation').rests().changes({ replicas: 2 }, { annotations: {} });
  story.tells(undefined).decides(remove('web-2'));
});

const aged = [
  aVm('web-0', { createdAt: '2026-01-01T00:00:09Z' }),
  aVm('web-1', { createdAt: '2026-01-01T00:00:01Z' }),
  aVm('web-2', { createdAt: '2026-01-01T00:00:05Z' }),
];

test.each([
  ['AscendingOrder', 'web-0', 'lowest ordinal first'],
  ['DescendingOrder', 'web-2', 'highest ordinal first'],
  ['Newest', 'web-0', 'newest first'],
  ['Oldest', 'web-1', 'oldest first'],
] as const)('follows the sort policy %s', (sort, first, words) => {
  given(aPool({ scaleIn: { type: 'proactive', selection: { sort } } }), aRevision(), ...aged)
    .rests()
    .scales(2)
    .decides(remove(first))
    .because(`replicas lowered from 3 to 2: ${words}`);
});

test('takes none but members that the selectors match, though too few do (B2)', () => {
  const selection = { labels: { matchLabels: { zone: 'edge' } } };
  const edge = aVm('web-0', { vmiLabels: { zone: 'edge' } });
  const story = given(
    aPool({ scaleIn: { type: 'proactive', selection } }),
    aRevision(),
    ...[edge, aVm('web-1'), aVm('web-2')],
  );
  story.rests().scales(1).decides(remove('web-0'));
  expect(story.plan?.vetoes).toEqual({ 'not selected': 2 });
  story.loses(edge).rests('1 too many, and none may be taken');
});

test('takes nothing under selectors that cannot be read, and says why', () => {
  const selection = { nodes: [{ key: 'cores', operator: 'Near' }] };
  const story = given(
    aPool({ scaleIn: { type: 'proactive', selection } }),
    aRevision(),
    ...vms(0, 3),
  );
  story.rests().scales(1).after(1000).acts();
  expect(story.status?.conditions).toMatchObject([
    { type: 'ReplicaFailure', reason: 'FailedScaleIn', message: expect.stringContaining('cores') },
  ]);
  story.shows().rests();
});

test.each(['unmanaged', 'opportunistic'] as const)(
  'removes nothing under the strategy %s, lets go of what others delete, and makes nothing anew',
  (type) => {
    const [zero = aVm('none'), ...others] = vms(0, 3);
    given(aPool({ scaleIn: { type } }), aRevision(), zero, ...others)
      .rests()
      .scales(2)
      .rests()
      .sees(terminating(zero))
      .decides({ verb: 'free-member', member: { name: 'web-0' }, purpose: 'free' })
      .loses(zero)
      .rests();
  },
);
