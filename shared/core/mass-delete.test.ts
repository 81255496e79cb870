import { expect, test } from 'vitest';
import { given } from './testing/given.ts';
import {
  aPool,
  aReplicaSet,
  aRevision,
  aVm,
  aVmi,
  later,
  terminating,
  vms,
} from './testing/objects.ts';

const remove = { verb: 'delete-member', purpose: 'scale-in' } as const;

test('a surplus that nobody asked for is not removed at once', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), ...vms(0, 15));
  story.tells('MassDeleteBlocked').rests();
  expect(story.view.objects.get(story.uid)).toMatchObject({
    status: { conditions: [{ type: 'MassDeleteBlocked', status: 'True' }] },
  });
});

test('a small surplus that nobody asked for is removed', () => {
  const story = given(aPool({ replicas: 5 }), aRevision(), ...vms(0, 15)).acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'delete-member')).toHaveLength(10);
});

test('a fifth of a large set may go', () => {
  given(aPool({ replicas: 80 }), aRevision(), ...vms(0, 100)).acts();
  given(aPool({ replicas: 79 }), aRevision(), ...vms(0, 100)).tells('MassDeleteBlocked');
});

test('lower replicas explain any number', () => {
  const story = given(aPool({ replicas: 300 }), aRevision(), ...vms(0, 300))
    .rests()
    .scales(0);
  expect(
    story.acts().plan?.commands.filter(({ verb }) => verb === 'delete-member').length,
  ).toBeGreaterThan(245);
  expect(story.acts().plan?.commands.length).toBe(50);
  story.rests();
});

test('what lower replicas explained once does not explain later members', () => {
  const members = vms(0, 20);
  const story = given(aPool({ replicas: 20 }), aRevision(), ...members)
    .rests()
    .scales(0)
    .acts();
  for (const vm of members) story.loses(vm);
  const adopted = vms(20, 40);
  story
    .rests()
    .sees(...adopted)
    .tells('MassDeleteBlocked')
    .rests();
});

test('lower replicas explain nothing any more once others have brought the set to its size', () => {
  const members = vms(0, 40);
  const story = given(
    aPool({ replicas: 40, scaleIn: { type: 'unmanaged' } }),
    aRevision(),
    ...members,
  ).rests();
  story.scales(10).rests();
  for (const vm of members.slice(10)) story.sees(terminating(vm));
  story.acts();
  for (const vm of members.slice(10)) story.loses(vm);
  story.after(3_600_000).rests();
  story.changes({ scaleIn: { type: 'proactive' } }).rests();
  story
    .sees(...vms(40, 60))
    .tells('MassDeleteBlocked')
    .rests();
});

test('lower replicas explain the members whose creates cannot be called back any more', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), ...vms(0, 1)).rests();
  story.scales(40).acts().scales(1).decides();
  expect(story.plan?.withdraws).toHaveLength(39);
  story.rests().settles('create-vm');
  for (const { command } of [...story.view.pending.values()]) {
    if (command.verb === 'create-vm') story.sees(aVm(command.name, { effect: command.effect }));
  }
  expect(story.acts().plan?.commands.filter(({ verb }) => verb === 'delete-member')).toHaveLength(
    39,
  );
});

test('lower replicas explain removals also when a plan of before comes after them', () => {
  const story = given(aPool({ replicas: 41 }), aRevision(), ...vms(0, 40));
  const answer = story.outcome();
  if (answer.type !== 'act') throw new Error('makes no member');
  story.scales(1).folds(answer.decided);
  expect(story.acts().plan?.commands[0]).toMatchObject(remove);
});

test('a refused removal does not use the explanation up', () => {
  const story = given(aPool({ replicas: 20 }), aRevision(), ...vms(0, 20))
    .rests()
    .scales(0)
    .acts();
  story.settles('delete-member', { outcome: 'expired' });
  expect(story.acts().plan?.commands[0]).toMatchObject(remove);
});

test('an explanation that comes back never exceeds how far replicas has fallen', () => {
  const story = given(aPool({ replicas: 20 }), aRevision(), ...vms(0, 20))
    .rests()
    .scales(0)
    .acts();
  story.scales(15).settles('delete-member', { outcome: 'stale', reason: 'SetChanged' });
  expect(story.view.memories.get(story.uid)?.explained).toBe(5);
});

test('members that others deleted are let go in any number, and count afterwards', () => {
  const members = vms(0, 20);
  const story = given(aPool({ replicas: 20 }), aRevision(), ...members).rests();
  for (const vm of members.slice(5)) story.sees(terminating(vm));
  story.acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'free-member')).toHaveLength(15);
  for (const vm of members.slice(5)) story.loses(vm);
  story.sees(...vms(20, 36));
  story.tells('MassDeleteBlocked').rests();
});

test('a member counts once, and only within the window', () => {
  const story = given(aPool({ replicas: 5 }), aRevision(), ...vms(0, 15))
    .acts()
    .shows();
  for (const vm of vms(5, 15)) story.sees(terminating(vm));
  story.acts();
  for (const vm of vms(5, 15)) story.loses(vm);
  story
    .sees(...vms(50, 51))
    .after(1000)
    .tells('MassDeleteBlocked')
    .rests();
  story.waitsUntil(600_001).after(600_000).tells(undefined).decides(remove);
});

test('finished VMIs are cleared away in any number', () => {
  const members = Array.from({ length: 30 }, (_, at) => aVmi(`ci-${at}`, { phase: 'Succeeded' }));
  const story = given(aReplicaSet({ replicas: 0 }), ...members).acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'delete-member')).toHaveLength(30);
});

test('VMIs that lose their pods are replaced, but not destroyed all at once', () => {
  const members = Array.from({ length: 30 }, (_, at) => aVmi(`ci-${at}`));
  const story = given(aReplicaSet({ replicas: 30 }), ...members).rests();
  story.sees(
    ...members.map((vmi) =>
      later(vmi, {}, { ready: { status: 'False', reason: 'PodTerminating' } }),
    ),
  );
  story.tells('MassDeleteBlocked').acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'create-vmi')).toHaveLength(30);
  story.rests();
});

test('retiring a deleted pool explains itself', () => {
  const story = given(aPool({ replicas: 50, deleted: true }), ...vms(0, 50)).acts();
  expect(story.plan?.commands).toHaveLength(50);
});
