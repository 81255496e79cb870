import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
import { aReplicaSet, aTemplate, aVmi, later, terminating } from '../testing/objects.ts';

const [one, two] = [aVmi('ci-a'), aVmi('ci-b')];
const orphan = later(aVmi('lost'), { owners: [] });
const adopts = { verb: 'adopt-member', member: { name: 'lost' } } as const;

test('adopts a VMI that the selector matches and nobody owns, before it makes one', () => {
  given(aReplicaSet({ replicas: 4 }), one, two, orphan)
    .decides(adopts)
    .decides({ verb: 'create-vmi' });
});

test('counts what it is adopting, so that it makes none in its place', () => {
  const story = given(aReplicaSet(), one, two, orphan).decides(adopts).rests();
  story.settles('adopt-member', { outcome: 'stale', reason: 'MemberChanged' });
  story.sees(later(orphan, { labels: {} })).decides({ verb: 'create-vmi' });
});

test('adopts nothing under a selector that does not match its own template', () => {
  given(aReplicaSet({ template: aTemplate({ labels: {} }) }), one, two, orphan)
    .tells('InvalidTemplate')
    .rests();
});

test('counts what it has adopted', () => {
  given(aReplicaSet(), one, two, orphan)
    .decides(adopts)
    .settles('adopt-member', { version: 12 })
    .sees(aVmi('lost', { version: 12 }))
    .rests();
});

test.each([
  ['that is being deleted', terminating(orphan)],
  ['that has ended', later(orphan, {}, { phase: 'Failed' })],
  ['of other labels', later(orphan, { labels: { app: 'else' } })],
  ['of another owner', aVmi('lost', { owner: aReplicaSet({ name: 'other' }) })],
])('does not adopt a VMI %s', (_, vmi) => {
  given(aReplicaSet({ replicas: 2 }), one, two, vmi).rests();
});

test('wakes the set when an orphan appears', () => {
  const story = given(aReplicaSet({ replicas: 2 }), one, two).rests();
  story.sees(orphan).decides(adopts);
});

test('lets go of a member whose labels the selector does not match any more, and replaces it', () => {
  given(aReplicaSet({ replicas: 2 }), one, two)
    .rests()
    .sees(later(one, { labels: { app: 'mine' } }))
    .decides({ verb: 'release-member', member: { name: 'ci-a' } })
    .decides({ verb: 'create-vmi' });
});

test('adopts and lets go while it is paused', () => {
  given(aReplicaSet({ replicas: 2, paused: true }), one, two, orphan).decides(adopts);
});

const shared = aTemplate({ claims: [{ kind: 'PersistentVolumeClaim', name: 'disk' }] });

test('warns that its members would write the same disk', () => {
  const story = given(aReplicaSet({ template: shared }), one, two).acts();
  expect(story.status?.conditions).toMatchObject([
    { type: 'VolumeSafety', status: 'True', reason: 'SharedVolumes' },
  ]);
});

test('makes no member that would write the same disk where that is to be enforced', () => {
  const annotations = { 'rollcall.dev/volume-safety': 'enforce' };
  given(aReplicaSet({ template: shared, annotations }), one, two)
    .tells('VolumeSafety')
    .rests();
});
