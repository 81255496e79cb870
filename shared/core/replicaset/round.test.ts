import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
import { aReplicaSet, aVmi, later, terminating } from '../testing/objects.ts';

const create = { verb: 'create-vmi' } as const;
const remove = (name: string, purpose = 'scale-in') =>
  ({ verb: 'delete-member', member: { name }, purpose }) as const;

const three = () => [aVmi('ci-a'), aVmi('ci-b'), aVmi('ci-c')];

test('makes missing members under names that follow from the effect ids', () => {
  const story = given(aReplicaSet()).decides(create, create, create).because('3 short of 3');
  const names = story.plan?.commands.flatMap((command) => ('name' in command ? command.name : []));
  expect(new Set(names).size).toBe(3);
  for (const name of names ?? []) expect(name).toMatch(/^ci[b-df-hj-np-tv-xz24-9]{5}$/);
  expect(story.plan?.commands[0]?.notice).toEqual({
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: `Started the virtual machine by creating the new virtual machine instance ${names?.[0]}`,
  });
});

test('takes the prefix of the template without a dash', () => {
  const { template } = aReplicaSet();
  if (template === undefined) throw new Error('template');
  const story = given(
    aReplicaSet({ replicas: 1, template: { ...template, namePrefix: 'runner' } }),
  );
  const [command] = story.acts().plan?.commands ?? [];
  expect(command).toMatchObject({ name: expect.stringMatching(/^runner.{5}$/) });
});

test('writes the api-version annotations once', () => {
  const set = aReplicaSet({ replicas: 0 });
  const { annotations: _, ...meta } = set.meta;
  given({ ...set, meta: { ...meta, annotations: {} } })
    .decides({ verb: 'mark-api-version' })
    .settles('mark-api-version', { version: 10 })
    .rests('0 of 0: nothing to do');
});

test('replaces a terminating member at once', () => {
  const [first = aVmi('none'), ...others] = three();
  given(aReplicaSet(), first, ...others)
    .rests()
    .sees(terminating(first))
    .decides(create)
    .rests();
});

test('replaces a finished member, then clears it away', () => {
  const [first = aVmi('none'), ...others] = three();
  given(aReplicaSet(), first, ...others)
    .rests()
    .sees(later(first, {}, { phase: 'Succeeded' }))
    .decides(create)
    .decides(remove('ci-a', 'clean-up'))
    .rests();
});

test('replaces a member that loses its pod, then clears it away', () => {
  const [first = aVmi('none'), ...others] = three();
  given(aReplicaSet(), first, ...others)
    .rests()
    .sees(later(first, {}, { ready: { status: 'False', reason: 'PodTerminating' } }))
    .decides(create)
    .decides(remove('ci-a', 'clean-up'));
});

test('clears away finished members though their replacement is refused', () => {
  const [first = aVmi('none'), ...others] = three();
  given(aReplicaSet(), first, ...others)
    .rests()
    .sees(later(first, {}, { phase: 'Failed' }))
    .decides(create)
    .settles('create-vmi', { outcome: 'refused', reason: 'QuotaExceeded' })
    .decides(remove('ci-a', 'clean-up'));
});

test('removes what does not run first, then what is not ready, then the newest', () => {
  given(
    aReplicaSet({ replicas: 5 }),
    aVmi('ci-old', { createdAt: '2026-01-01T00:00:00Z' }),
    aVmi('ci-new', { createdAt: '2026-01-01T00:00:05Z' }),
    aVmi('ci-newest', { createdAt: '2026-01-01T00:00:06Z' }),
    aVmi('ci-unready', { ready: { status: 'False' } }),
    aVmi('ci-pending', { phase: 'Scheduling', ready: { status: 'False' } }),
  )
    .rests()
    .scales(1)
    .decides(remove('ci-pending'), remove('ci-unready'), remove('ci-newest'), remove('ci-new'))
    .because('replicas lowered from 5 to 1: not running, then not ready, then newest first')
    .rests();
});

test('2 → 5 → 1 turns back at once', () => {
  const story = given(aReplicaSet({ replicas: 2 }), aVmi('ci-a'), aVmi('ci-b')).rests();
  story.scales(5).decides(create, create, create);
  story.scales(1).decides(remove('ci-b'));
  expect(story.plan?.withdraws).toHaveLength(3);
  story
    .settles('create-vmi', { outcome: 'withdrawn' })
    .sees(terminating(aVmi('ci-b')))
    .rests('1 of 1: nothing to do');
});

test('does nothing about a replica set that is being deleted', () => {
  given(aReplicaSet({ deleted: true })).waits('the replica set is being deleted');
});

test('does nothing while paused but say so, and says so again when resumed', () => {
  const story = given(aReplicaSet({ paused: true })).acts();
  expect(story.plan?.commands).toMatchObject([
    {
      verb: 'write-status',
      notice: { reason: 'SuccessfulPaused', message: 'Paused' },
      status: {
        conditions: [{ type: 'ReplicaPaused', reason: 'Paused', message: 'Controller got paused' }],
      },
    },
  ]);
  story.shows().waits('the replica set is paused').after(1000);
  story.changes({ paused: false }).decides(create, create, create);
  const status = story.plan?.commands.find(({ verb }) => verb === 'write-status');
  expect(status?.notice).toMatchObject({ reason: 'SuccessfulResumed', message: 'Resumed' });
});

test('counts active members only', () => {
  const [first = aVmi('none'), second = aVmi('none'), third = aVmi('none')] = three();
  const story = given(aReplicaSet({ replicas: 2 }), terminating(first), second, {
    ...third,
    ready: { status: 'False' },
  }).acts();
  expect(story.status).toMatchObject({
    replicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
    observedGeneration: 1,
    labelSelector: 'app=web',
  });
});

test('ignores members of others', () => {
  given(aReplicaSet({ replicas: 1 }), aVmi('x', { owner: aReplicaSet({ uid: 'other' }) })).decides(
    create,
  );
});

test('tells an unusable spec instead of ignoring it', () => {
  const set = aReplicaSet({ selector: { matchLabels: { app: 'else' } } });
  const story = given(set).tells('SelectorMismatch').acts();
  expect(story.plan?.commands).toMatchObject([
    { verb: 'post-event', notice: { type: 'Warning', reason: 'SelectorMismatch' } },
    {
      verb: 'write-status',
      status: { conditions: [{ type: 'ReplicaFailure', reason: 'SelectorMismatch' }] },
    },
  ]);
  story.shows().waits();
});

test('is not scaled in with an annotation that nobody understands', () => {
  given(
    aReplicaSet({ replicas: 1, annotations: { 'rollcall.dev/volume-safety': 'maybe' } }),
    ...three(),
  )
    .tells('InvalidAnnotation')
    .rests();
});

test('lists what a VMI owns when it goes, and nothing that it only uses', () => {
  const vmi = aVmi('ci-a', { claims: [{ kind: 'PersistentVolumeClaim', name: 'shared' }] });
  const story = given(aReplicaSet({ replicas: 1 }), vmi)
    .rests()
    .scales(0)
    .acts();
  expect(story.plan?.commands[0]).toMatchObject({ verb: 'delete-member', disks: [] });
});
