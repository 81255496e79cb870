import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
import { aForeignVm, aPool, aRevision, aVm, later, terminating, vms } from '../testing/objects.ts';

const heals = (name: string) =>
  ({ verb: 'delete-member', member: { name }, purpose: 'heal', keepDisks: true }) as const;
const start = '2026-01-01T00:00:00Z';
const failed = { consecutiveFailCount: 3 } as const;
const stuck = (printableStatus: string, since = start) =>
  ({ printableStatus, ready: { status: 'False', lastProbeTime: since } }) as const;

test('replaces a member after three failed starts, and keeps its disks', () => {
  given(aPool({ healing: {} }), aRevision(), aVm('web-0'), aVm('web-1', failed), aVm('web-2'))
    .decides(heals('web-1'))
    .because('1 do not start');
});

test.each(['CrashLoopBackOff', 'ErrorUnschedulable', 'ErrImagePull', 'ImagePullBackOff'])(
  'replaces a member that stands in %s for five minutes, by a timer of its own (B6)',
  (state) => {
    given(aPool({ healing: {} }), aRevision(), aVm('web-0', stuck(state)), ...vms(1, 3))
      .rests()
      .after(1000)
      .rests()
      .waitsUntil(300_000)
      .after(299_000)
      .decides(heals('web-0'));
  },
);

test.each(['DataVolumeError', 'ErrorPvcNotFound'])(
  'does not keep the disks of a member whose disk is the cause: %s',
  (state) => {
    const story = given(
      aPool({ healing: { failingMs: 1000 } }),
      aRevision(),
      aVm('web-0', stuck(state)),
      ...vms(1, 3),
    );
    story.rests().after(1000).decides({ verb: 'delete-member', purpose: 'heal' });
    expect(story.plan?.commands[0]).not.toHaveProperty('keepDisks');
  },
);

test('follows the numbers of the spec', () => {
  given(
    aPool({ healing: { failures: 5 } }),
    aRevision(),
    aVm('web-0', failed),
    ...vms(1, 3),
  ).rests();
});

test('heals nothing where the spec does not ask for it', () => {
  given(aPool(), aRevision(), aVm('web-0', failed), ...vms(1, 3)).rests();
});

test('never touches a VM of nobody or of another pool (B4)', () => {
  given(
    aPool({ healing: {} }),
    aRevision(),
    ...vms(0, 3),
    { ...aForeignVm('db'), consecutiveFailCount: 9 },
    aVm('other-0', { owner: aPool({ name: 'other' }), ...failed }),
  ).rests();
});

test('heals a fifth of the set in ten minutes, then goes on', () => {
  const ill = vms(0, 4, failed);
  const story = given(aPool({ replicas: 10, healing: {} }), aRevision(), ...ill, ...vms(4, 10));
  story.decides(heals('web-3'), heals('web-2'));
  const [, , two, three] = ill;
  for (const vm of [two, three]) if (vm !== undefined) story.loses(vm);
  story.decides({ verb: 'create-vm', name: 'web-2' }, { verb: 'create-vm', name: 'web-3' });
  story.settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' }).rests();
  story.after(600_000).decides(heals('web-1'), heals('web-0'));
});

test('heals nobody while more than half fail alike, and says so', () => {
  const story = given(aPool({ healing: {} }), aRevision(), ...vms(0, 2, failed), aVm('web-2'));
  story.tells('HealingHeld', '2 of 3 fail alike (failed starts): not healed').rests();
  const [zero = aVm('none')] = vms(0, 1);
  story
    .sees(later(zero, {}, { consecutiveFailCount: 0 }))
    .tells(undefined)
    .decides(heals('web-1'));
});

test('rests while the pool is paused', () => {
  given(
    aPool({ healing: {}, paused: true }),
    aRevision(),
    aVm('web-0', failed),
    ...vms(1, 3),
  ).rests();
});

test('makes the member again under its name when it is gone', () => {
  const ill = aVm('web-1', failed);
  given(aPool({ healing: {} }), aRevision(), aVm('web-0'), ill, aVm('web-2'))
    .decides(heals('web-1'))
    .sees(terminating(ill))
    .decides({ verb: 'free-member', member: { name: 'web-1' }, purpose: 'heal' })
    .loses(ill)
    .decides({ verb: 'create-vm', name: 'web-1' });
});
