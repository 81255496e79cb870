import { expect, test } from 'vitest';
import type { Command } from '#shared/contract/commands.ts';
import { effectId } from '#shared/contract/ids.ts';
import type { Decided } from '#shared/contract/records.ts';
import { assert } from '#shared/lib/assert.ts';
import { checkPlan } from './plan-check.ts';
import { given, type Story } from './testing/given.ts';
import {
  aDataVolume,
  aForeignVm,
  aPool,
  aRevision,
  aTemplateWithDisks,
  aVm,
  aVmWithDisk,
  vms,
} from './testing/objects.ts';

function planOf(story: Story): Decided {
  const answer = story.outcome();
  assert(answer.type === 'act', 'the story acts');
  return answer.decided;
}

/** Findings on a plan after it was tampered with. */
function findings(story: Story, change: (plan: Decided) => Decided): readonly string[] {
  return checkPlan(story.view, change(planOf(story)));
}

function withCommands(change: (commands: readonly Command[]) => readonly Command[]) {
  return (plan: Decided): Decided => ({
    ...plan,
    commands: change(plan.commands).map((command, at) => ({
      ...command,
      effect: effectId('0a0b0c0d', plan, at),
    })),
  });
}

const starting = (): Story => given(aPool(), aRevision());
const shrinking = (): Story =>
  given(aPool({ replicas: 3 }), aRevision(), ...vms(0, 3), aForeignVm('stranger'))
    .rests()
    .scales(2);

test('a plan of ours has no finding', () => {
  expect(findings(starting(), (plan) => plan)).toEqual([]);
  expect(findings(shrinking(), (plan) => plan)).toEqual([]);
});

test.each<readonly [string, (plan: Decided) => Decided]>([
  ['I1', withCommands((commands) => [...commands, ...commands])],
  [
    'I2',
    (plan) => ({
      ...plan,
      moment: { ...plan.moment, limits: { ...plan.moment.limits, burst: 1 } },
    }),
  ],
  [
    'I2',
    (plan) => ({
      ...plan,
      moment: { ...plan.moment, limits: { ...plan.moment.limits, pending: 2 } },
    }),
  ],
  ['I9', (plan) => ({ ...plan, plan: 7 })],
  ['I9', (plan) => ({ ...plan, epoch: 7 })],
  ['I9', (plan) => ({ ...plan, basis: 7 })],
  ['I9', (plan) => ({ ...plan, set: { ...plan.set, generation: 7 } })],
  ['I9', (plan) => ({ ...plan, commands: plan.commands.toReversed() })],
  ['I10', (plan) => ({ ...plan, template: undefined })],
  [
    'I10',
    withCommands((commands) =>
      commands.map((command) =>
        command.verb === 'create-vm' ? { ...command, revision: 'x' } : command,
      ),
    ),
  ],
  [
    'I10',
    withCommands((commands) =>
      commands.map((command) =>
        command.verb === 'create-vm' ? { ...command, ordinal: 9 } : command,
      ),
    ),
  ],
  [
    'I34',
    withCommands((commands) =>
      commands.map((command) =>
        command.verb === 'create-vm' ? { ...command, extra: true } : command,
      ),
    ),
  ],
  ['I12', (plan) => ({ ...plan, withdraws: [effectId('0a0b0c0d', { epoch: 1, plan: 99 }, 0)] })],
  ['I13', (plan) => ({ ...plan, mode: 'advise' })],
  [
    'I13',
    (plan) => ({
      ...plan,
      moment: { ...plan.moment, policy: { ...plan.moment.policy, kubevirtControllers: 'running' } },
    }),
  ],
])('%s is found broken in a plan that creates', (invariant, change) => {
  expect(findings(starting(), change).join('\n')).toMatch(new RegExp(`^${invariant} `, 'm'));
});

test('I11 is found broken when a member goes as an extra one of a roll-out and is none', () => {
  const surging = withCommands((commands) =>
    commands.map((command) =>
      command.verb === 'delete-member' ? { ...command, purpose: 'surge' } : command,
    ),
  );
  expect(findings(shrinking(), surging).join('\n')).toMatch(/^I11 web-2 goes as an extra member/m);
});

test('I3 is found broken when more would be made than is wanted', () => {
  const more = withCommands((commands) => [
    ...commands.filter(({ verb }) => verb === 'create-vm'),
    ...commands
      .filter((command) => command.verb === 'create-vm')
      .slice(0, 1)
      .map((command) => ({ ...command, name: 'web-3', ordinal: 3 })),
  ]);
  expect(findings(starting(), more)).toEqual(['I3 members would be more than wanted']);
});

test.each<readonly [string, Partial<Extract<Command, { verb: 'delete-member' }>>]>([
  ['I4', { member: { name: 'web-2', uid: aForeignVm('unknown').meta.uid } }],
  ['I4', { member: { name: 'web-1', uid: aVm('web-2').meta.uid } }],
  ['I4', { member: { name: 'stranger', uid: aForeignVm('stranger').meta.uid } }],
  ['I7', { disks: [{ member: { name: 'web-2', uid: aVm('web-2').meta.uid } }] }],
  ['I11', { member: { name: 'web-0', uid: aVm('web-0').meta.uid } }],
])('%s is found broken in a plan that deletes', (invariant, fields) => {
  const change = withCommands((commands) =>
    commands.map((command) =>
      command.verb === 'delete-member' ? { ...command, ...fields } : command,
    ),
  );
  expect(findings(shrinking(), change).join('\n')).toMatch(new RegExp(`^${invariant} `, 'm'));
});

test('I5 and I6 are found broken when the set or what is known of it has changed since', () => {
  const plan = planOf(shrinking());
  const moved = (story: Story): string =>
    checkPlan(story.view, { ...plan, basis: story.view.sequence }).join('\n');
  expect(moved(shrinking().changes({ paused: true }))).toMatch(/^I5 /m);
  expect(moved(shrinking().begins('VirtualMachine', 's'))).toMatch(/^I6 /m);
  expect(moved(shrinking().reads({ namespace: 'default', problem: 'x' }))).toMatch(/^I6 /m);
});

test('I8 is found broken when too many go without an explanation', () => {
  const story = given(aPool({ replicas: 15 }), aRevision(), ...vms(0, 15))
    .rests()
    .scales(0);
  const plan = planOf(story);
  const memory = story.view.memories.get(story.uid);
  assert(memory !== undefined, 'the set is remembered');
  memory.explained = 0;
  expect(checkPlan(story.view, plan)).toEqual(['I8 too many members would be destroyed']);
});

test('I7 is found broken when a disk is left out', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), ...aVmWithDisk('web-0', 'data-0'));
  const change = withCommands((commands) =>
    commands.map((command) => ('disks' in command ? { ...command, disks: [] } : command)),
  );
  expect(findings(story.rests().scales(0), change)).toEqual([
    'I7 the endangered disks of web-0 are not all listed',
  ]);
});

test('I10 is found broken when a member would use a disk of another', () => {
  const story = given(aPool({ replicas: 1, template: aTemplateWithDisks('data') }), aRevision());
  const plan = planOf(story);
  story.sees(aDataVolume('data-0', { owner: aForeignVm('stranger') }));
  expect(checkPlan(story.view, { ...plan, basis: story.view.sequence })).toEqual([
    "I10 web-0 would use another owner's disk",
  ]);
});

test('I15 is found broken when a pool is retired before its members', () => {
  const story = given(aPool({ deleted: true }), aVm('web-0'));
  const change = withCommands(() => [
    {
      verb: 'retire-set',
      effect: effectId('0a0b0c0d', { epoch: 1, plan: 1 }, 0),
      because: '',
      disks: [],
    },
  ]);
  expect(findings(story, change)).toEqual(['I15 the pool is retired before its members']);
});
