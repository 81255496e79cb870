import { expect, test } from 'vitest';
import { addCounts } from './coverage.ts';
import type { Deed } from './human.ts';
import { poolDeeds } from './pool-deeds.ts';
import type { SetPlan } from './sets.ts';
import { failureText } from './shrink.ts';
import { simulate } from './simulate.ts';

const plans: readonly SetPlan[] = [
  { kind: 'VirtualMachinePool', namespace: 'blue', name: 'pool', disks: 1, most: 5 },
];
const deeds = [
  ...poolDeeds,
  'scales',
  'deletes a member',
  'takes a member out of its set',
] as const;

/** What has to be done again and again, or together, before it comes to anything. */
const habits: readonly (readonly Deed[])[] = [
  // More revisions than are kept come only of editing.
  ['changes the machines', 'changes a label of the machines'],
  // A machine fails when it starts.
  ['heals or not', 'breaks a machine', 'breaks a machine', 'changes the machines'],
  ['changes the disks', 'allows new disks', 'sets how to scale in', 'scales'],
  deeds,
  [...deeds, 'takes a member out of its set', 'hands a member back'],
];

/** What people who roll out, heal and keep disks must make us do. */
const expected = [
  ...[
    'update-vm',
    'restart-member',
    'label-instance',
    'delete-revision',
    'preserve-disk',
    'roll-back',
  ].map((verb) => `verb ${verb}`),
  'purpose heal',
  'purpose replace',
  ...poolDeeds.map((deed) => `human ${deed}`),
];

test('people roll out, go back, heal and keep disks, and no invariant breaks', async () => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const report = await simulate({ seed, only: [], plans, deeds: habits[seed % 5] ?? deeds });
    addCounts(counts, report.counts);
    expect(report.violations, failureText(report)).toEqual([]);
  }
  expect(expected.filter((what) => !counts.has(what))).toEqual([]);
});

test('what people do to pools breaks no invariant under the faults of the swarm either', async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const report = await simulate({ seed, plans, deeds });
    expect(report.violations, failureText(report)).toEqual([]);
  }
});
