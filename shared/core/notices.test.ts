import { expect, test } from 'vitest';
import { given } from './testing/given.ts';
import { aPool, aReplicaSet, aRevision, vms } from './testing/objects.ts';

test('posts ten events of a reason word for word, then one for all the rest of the plan', () => {
  const story = given(aPool({ replicas: 250 }), aRevision()).acts();
  const notices = story.plan?.commands.flatMap(({ notice }) => notice?.message ?? []) ?? [];
  expect(notices).toHaveLength(11);
  expect(notices[9]).toBe('Created VM default/web-9');
  expect(notices[10]).toBe('(combined from similar events): Created 240 VMs');
  expect(story.plan?.commands.at(-1)?.notice).toBeDefined();
  const { plan } = given(aReplicaSet({ replicas: 12 })).acts();
  expect(plan?.commands[11]?.notice?.message).toBe(
    '(combined from similar events): Started 2 virtual machines by creating new virtual machine instances',
  );
});

test('posts only the combined event while the ten are used up, and literal ones again later', () => {
  const story = given(aPool({ replicas: 10 }), aRevision())
    .acts()
    .scales(13)
    .acts();
  expect(story.plan?.commands.flatMap(({ notice }) => notice?.message ?? [])).toEqual([
    '(combined from similar events): Created 3 VMs',
  ]);
  story.after(600_001).scales(14).acts();
  expect(story.plan?.commands[0]?.notice?.message).toBe('Created VM default/web-13');
});

test('a single event beyond the ten keeps its own words', () => {
  const { plan } = given(aPool({ replicas: 11 }), aRevision()).acts();
  expect(plan?.commands[10]?.notice?.message).toBe(
    '(combined from similar events): Created VM default/web-10',
  );
});

test('counts each reason by itself', () => {
  const story = given(aPool({ replicas: 20 }), aRevision(), ...vms(0, 20))
    .rests()
    .scales(8)
    .acts();
  const messages = story.plan?.commands.flatMap(({ notice }) => notice?.message ?? []) ?? [];
  expect(messages.at(-1)).toBe('(combined from similar events): Deleted 2 VMs from pool');
});
