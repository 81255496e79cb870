import { expect, test } from 'vitest';
import { given } from './testing/given.ts';
import { aDigest, aPool, aRevision, aVm, later, terminating, vms } from './testing/objects.ts';

test('counts members that terminate as present, and those of the template as updated', () => {
  const story = given(
    aPool({ replicas: 3 }),
    aRevision(),
    aRevision({ name: 'web-0', digest: aDigest('old') }),
    terminating(aVm('web-0', { revision: 'web-0', finalizers: [] })),
    aVm('web-1'),
    aVm('web-2', { ready: { status: 'False' } }),
  ).acts();
  expect(story.status).toEqual({
    replicas: 3,
    readyReplicas: 2,
    availableReplicas: 2,
    updatedReplicas: 2,
    currentRevision: 'web-1',
    updateRevision: 'web-1',
    observedGeneration: 1,
    labelSelector: 'app=web',
    conditions: [],
  });
});

test('is written once and then left alone (B19)', () => {
  given(aPool(), aRevision(), ...vms(0, 3))
    .acts()
    .shows()
    .after(5000)
    .waits('3 of 3: nothing to do');
});

test('is never on its way twice, nor written more than once a second', () => {
  const [zero, one, two] = vms(0, 3);
  if (zero === undefined || one === undefined || two === undefined) throw new Error('vms');
  const story = given(aPool(), aRevision(), zero, one, two).acts();
  story
    .after(5000)
    .sees(later(zero, {}, { ready: { status: 'False' } }))
    .waits();
  story.shows().acts().shows();
  story
    .after(400)
    .sees(later(one, {}, { ready: { status: 'False' } }))
    .waitsUntil(6000);
  story.after(600).acts();
  expect(story.status?.readyReplicas).toBe(1);
});

test('does not write again what the cluster prunes', () => {
  const story = given(aPool(), aRevision(), ...vms(0, 3)).acts();
  const returned = ['replicas', 'readyReplicas', 'labelSelector', 'conditions'];
  story.settles('write-status', { version: 11, uid: story.uid, returned });
  const status = { replicas: 3, readyReplicas: 3, labelSelector: 'app=web' };
  const set = story.view.objects.get(story.uid);
  if (set?.kind !== 'VirtualMachinePool') throw new Error('pool');
  story
    .sees(later(set, {}, { status }))
    .after(5000)
    .waits('3 of 3: nothing to do');
  story.scales(3).after(5000).waits('3 of 3: nothing to do');
});

test('keeps conditions of others and the time since when its own hold', () => {
  const story = given(
    aPool({
      replicas: 0,
      paused: true,
      status: {
        conditions: [
          { type: 'Foreign', status: 'True' },
          {
            type: 'ReplicaPaused',
            status: 'True',
            reason: 'Old',
            message: 'old',
            lastTransitionTime: '2025-01-01T00:00:00Z',
          },
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedScaleOut' },
        ],
      },
    }),
  ).acts();
  expect(story.status?.conditions).toEqual([
    { type: 'Foreign', status: 'True' },
    {
      type: 'ReplicaPaused',
      status: 'True',
      reason: 'SuccessfulPaused',
      message: 'Pool controller is paused',
      lastTransitionTime: '2025-01-01T00:00:00Z',
    },
  ]);
});

test('a new condition has the time of the decision', () => {
  const story = given(aPool({ replicas: 0, paused: true }))
    .after(61_000)
    .acts();
  expect(story.status?.conditions?.[0]?.lastTransitionTime).toBe('2026-01-01T00:01:01Z');
  expect(story.plan?.commands[0]?.notice).toEqual({
    type: 'Normal',
    reason: 'SuccessfulPaused',
    message: 'Pool is paused',
  });
});

test('tells the end of a pause', () => {
  const conditions = [{ type: 'ReplicaPaused', status: 'True' }];
  const story = given(aPool({ replicas: 0, status: { conditions } })).acts();
  expect(story.plan?.commands[0]?.notice).toMatchObject({
    reason: 'SuccessfulResume',
    message: 'Pool is unpaused',
  });
});

test('backs off when the status is refused', () => {
  const story = given(aPool(), aRevision(), ...vms(0, 3))
    .acts()
    .after(1500);
  story.settles('write-status', { outcome: 'refused', reason: 'Forbidden' }).waitsUntil(2500);
});

test('is not written for a pool that is being deleted', () => {
  given(aPool({ deleted: true, finalizers: ['other'] })).waits();
});
