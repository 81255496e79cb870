import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
import {
  aDigest,
  aPool,
  aRevision,
  aTemplate,
  aVm,
  aVmWithDisk,
  terminating,
  vms,
} from '../testing/objects.ts';

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
  ['spec.scaleInStrategy', { present: ['scaleInStrategy'] }],
  ['spec.autohealing', { present: ['autohealing', 'updateStrategy'] }],
  [
    'annotation rollcall.dev/scale-in-disks: keep',
    { annotations: { 'rollcall.dev/scale-in-disks': 'keep' } },
  ],
  [
    'annotation rollcall.dev/autohealing',
    { annotations: { 'rollcall.dev/autohealing': '{"startUpFailureThreshold":3}' } },
  ],
  ['annotation rollcall.dev/anything', { annotations: { 'rollcall.dev/anything': 'x' } }],
])('is never scaled in because of %s, and says so once', (field, options) => {
  const story = given(aPool({ replicas: 5, ...options }), aRevision(), ...vms(0, 5));
  story.tells('Unsupported', `not scaled in because of ${field}`).rests().scales(2).rests();
  expect(story.view.objects.get(story.uid)).toMatchObject({
    status: { conditions: [{ type: 'Unsupported', status: 'True' }] },
  });
  story.scales(6).decides(create('web-5'));
});

test.each([
  ['different', { digest: aDigest('other') }],
  ['unknown for want of a digest under our key', { digest: aDigest('v1', 'other-key') }],
])('is not scaled in while the template of a member is %s', (_, options) => {
  given(
    aPool({ replicas: 2 }),
    aRevision({ name: 'web-2' }),
    aRevision(options),
    aVm('web-0', { revision: 'web-2' }),
    aVm('web-1'),
    aVm('web-2'),
  )
    .tells('Unsupported')
    .rests();
});

test('is not scaled in while the revision of a member is not there', () => {
  given(aPool({ replicas: 2 }), ...vms(0, 3))
    .tells('Unsupported')
    .rests();
});

test.each([
  ['updateStrategy', { present: ['updateStrategy', 'maxUnavailable', 'nameGeneration'] }],
  ['scale-in-disks: delete', { annotations: { 'rollcall.dev/scale-in-disks': 'delete' } }],
  ['mode', { annotations: { 'rollcall.dev/mode': 'manage', 'rollcall.dev/paused': 'false' } }],
])('is scaled in all the same with %s', (_, options) => {
  given(aPool({ replicas: 3, ...options }), aRevision(), ...vms(0, 3))
    .rests()
    .scales(2)
    .decides(remove('web-2'));
});

test('calls back deletes that have not begun once something unsupported is asked for', () => {
  const story = five().scales(2).acts();
  story.changes({}, { annotations: { 'rollcall.dev/scale-in-disks': 'keep' } });
  story.tells('Unsupported').decides();
  expect(story.plan?.withdraws).toHaveLength(3);
});

test('tells that the hold is over', () => {
  const story = given(aPool({ replicas: 3, present: ['autohealing'] }), aRevision(), ...vms(0, 3));
  story.tells('Unsupported').rests().changes({ present: [], replicas: 2 });
  story.tells(undefined).decides(remove('web-2'));
});

test('scales in again when the template is put back', () => {
  const story = given(aPool({ replicas: 3 }), aRevision(), ...vms(0, 3)).rests();
  story
    .changes({ template: aTemplate({ content: 'v2' }), replicas: 2 })
    .tells('Unsupported')
    .rests();
  story.changes({ template: aTemplate() }).tells(undefined).decides(remove('web-2'));
});
