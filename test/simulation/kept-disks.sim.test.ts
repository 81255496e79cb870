import { expect, test } from 'vitest';
import type { Cluster, Patch } from '#shared/cluster/cluster.ts';
import { keepDisksAnnotation } from '#shared/contract/words.ts';
import type { Act, Report } from './options.ts';
import type { Mutation } from './pipeline.ts';
import type { SetPlan } from './sets.ts';
import { failureText } from './shrink.ts';
import { simulate } from './simulate.ts';

const pool: SetPlan = {
  kind: 'VirtualMachinePool',
  namespace: 'blue',
  name: 'pool',
  disks: 2,
  most: 3,
};

/** A scale-in that keeps disks is under way; nobody remembers it, and the pool now says otherwise. */
const acts: readonly Act[] = [
  { type: 'make', replicas: 3 },
  { type: 'decide on disks', policy: 'keep' },
  { type: 'lose everything', policy: 'delete' },
  { type: 'scale', replicas: 1 },
];

async function lost(seed: number, mutation: Mutation = {}): Promise<Report> {
  const report = await simulate({ seed, only: [], plans: [pool], mutation, script: { acts } });
  expect(report.counts.get('everything lost')).toBe(1);
  return report;
}

const seeds = 10;

test('log and snapshots are lost in the middle of a scale-in that keeps disks, the policy becomes to delete, and no disk goes', async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const report = await lost(seed);
    expect(report.violations, failureText(report)).toEqual([]);
  }
});

test('without the word on the machine itself the disks would go', async () => {
  const { violations } = await lost(1, speechless);
  expect(violations.filter((text) => text.startsWith('C7'))).not.toEqual([]);
});

/** An executor that writes nothing on what it is about to remove. */
const speechless: Mutation = {
  executorCluster: (cluster: Cluster): Cluster => ({
    ...cluster,
    patch: async (ref, patch) => (isMark(patch) ? cluster.read(ref) : cluster.patch(ref, patch)),
  }),
};

function isMark(patch: Patch): boolean {
  return patch.type === 'merge' && JSON.stringify(patch.body).includes(keepDisksAnnotation);
}
