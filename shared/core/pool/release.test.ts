import { expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import { given } from '../testing/given.ts';
import { aPool, aRevision, aVm, later, terminating, vms } from '../testing/objects.ts';

const [zero = aVm('none'), ...others] = vms(0, 3);
const releases = { verb: 'release-member', member: { name: 'web-0' } } as const;
const three = () => given(aPool(), aRevision(), zero, ...others).rests();
const detached = later(zero, { owners: [] });
const relabelled = later(zero, { labels: { ...zero.meta.labels, app: 'mine' } });

test('lets go of a VM whose labels the selector does not match any more, and replaces it (B3)', () => {
  three()
    .sees(relabelled)
    .decides(releases)
    .because('1 no longer belong to the pool')
    .decides({ verb: 'create-vm', name: 'web-3' });
});

test('takes the finalizer off a VM whose owner was taken off by hand', () => {
  const whole = later(later(detached, {}), { finalizers: [] });
  three()
    .sees(detached)
    .decides(releases)
    .settles('release-member', { version: 12 })
    .sees(whole)
    .decides({ verb: 'create-vm', name: 'web-3' });
});

test('lets a detached VM go that is deleted before it was released (B5)', () => {
  three()
    .sees(terminating(detached))
    .decides({ verb: 'free-member', member: { name: 'web-0' }, purpose: 'free' });
});

test('keeps the ordinal of a detached VM reserved while it exists, and takes it again after', () => {
  const whole = later(detached, { finalizers: [] });
  const story = three().sees(detached).decides(releases).sees(whole);
  story.decides({ verb: 'create-vm', name: 'web-3' });
  story.loses(whole).settles('create-vm', { outcome: 'refused', reason: 'Forbidden' });
  story.after(1000).decides({ verb: 'create-vm', name: 'web-0' });
});

test('counts a VM again that is handed back, and secures it', () => {
  const whole = later(detached, { finalizers: [] });
  const story = three().sees(detached).decides(releases).sees(whole);
  story.sees(later(whole, { owners: zero.meta.owners }));
  story.decides({ verb: 'secure-member', member: { name: 'web-0' } });
});

test('goes on letting go while the pool is paused', () => {
  given(aPool({ paused: true }), aRevision(), relabelled, ...others).decides(releases);
});

test('lets nobody go because of a selector that does not match its own template', () => {
  const selector = { matchLabels: { app: 'else' } };
  const story = given(aPool({ selector }), aRevision(), zero, ...others);
  story.tells('SelectorMismatch').rests();
  expect(story.view.pending.size).toBe(0);
});

test('does not touch a VM with a finalizer like ours that was never of this pool', () => {
  const stranger = aVm('db-1', { revision: 'other-1', owner: aPool({ name: 'other' }) });
  given(aPool(), aRevision(), zero, ...others, later(stranger, { owners: [] })).rests();
});

test('takes the finalizer off a VM that says so itself, whatever has become of the log', () => {
  const unlabelled = { ...detached.meta, labels: { app: 'web' } };
  const effect = { 'rollcall.dev/effect': 'ffffffff.1.1.0' };
  const made = { ...detached, meta: { ...unlabelled, annotations: effect } };
  given(aPool(), aRevision(), made, ...others).decides(releases);
  const secured = { 'rollcall.dev/secured-for': aPool().meta.uid };
  const put = {
    ...made,
    meta: { ...unlabelled, name: 'pet', uid: uid('pet'), annotations: secured },
  };
  const pet = { verb: 'release-member', member: { name: 'pet' } } as const;
  given(aPool(), aRevision(), put, zero, ...others).decides(pet);
  const another = { 'rollcall.dev/secured-for': 'another' };
  const theirs = { ...put, meta: { ...put.meta, annotations: another } };
  given(aPool(), aRevision(), theirs, zero, ...others).rests();
});

test('a pool that is deleted with orphans lets them go after it has lost its revisions as well', () => {
  const revision = later(aRevision(), { owners: [] });
  const frees = { verb: 'free-member', member: { name: 'web-0' } } as const;
  given(terminating(aPool()), revision, detached).decides(frees);
  given(aPool({ replicas: 0 }), revision, detached).rests();
  const other = later(aRevision({ name: 'web-db-1' }), { owners: [] });
  const theirs = aVm('web-db-0', { revision: 'web-db-1' });
  const story = given(terminating(aPool()), other, later(theirs, { owners: [] }));
  story.decides({ verb: 'retire-set' });
});
