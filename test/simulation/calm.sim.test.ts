import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import type { SetPlan } from './sets.ts';

const pool: SetPlan = {
  kind: 'VirtualMachinePool',
  namespace: 'blue',
  name: 'pool',
  disks: 1,
  most: 5,
};

test('without faults one pool comes to its size and stays there in silence', async () => {
  const report = await simulate({ seed: 1, only: [], plans: [pool], deeds: ['scales'] });
  expect(report.violations).toEqual([]);
  expect(report.counts.get('verb create-vm')).toBeGreaterThan(0);
});

test('without faults people may do what they like', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const report = await simulate({ seed, only: [] });
    expect(report.violations, `seed ${seed}`).toEqual([]);
  }
});
