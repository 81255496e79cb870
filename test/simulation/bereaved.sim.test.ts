import { expect, test } from 'vitest';
import type { Deed } from './human.ts';
import type { Act } from './options.ts';
import type { Mutation } from './pipeline.ts';
import type { SetPlan } from './sets.ts';
import { failureText } from './shrink.ts';
import { simulate } from './simulate.ts';

const pool: SetPlan = {
  kind: 'VirtualMachinePool',
  namespace: 'blue',
  name: 'pool',
  disks: 1,
  most: 3,
};
const seeds = 10;

/** Somebody takes the pool's finalizer off; later there is a pool of that name again. */
const acts: readonly Act[] = [
  { type: 'make', replicas: 3 },
  { type: 'delete by force' },
  { type: 'make', replicas: 2 },
];

test('machines of a pool that was let go by hand are let go, and its name can be used again', async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const report = await simulate({ seed, only: [], plans: [pool], script: { acts } });
    expect(report.violations, failureText(report)).toEqual([]);
    expect(report.counts.get('verb free-member')).toBeGreaterThanOrEqual(3);
  }
});

test('without that they would hang for ever', async () => {
  const options = { seed: 1, only: [], plans: [pool], script: { acts } } as const;
  const { violations } = await simulate({ ...options, mutation: heartless });
  expect(violations.filter((text) => text.startsWith('L1'))).not.toEqual([]);
});

/** A reconciler that has nothing to do with what is left of a pool. */
const heartless: Mutation = {
  decider: (decider) => ({
    ...decider,
    decide(view, set, moment) {
      const answer = decider.decide(view, set, moment);
      const isGone = answer.type === 'act' && answer.decided.set.gone === true;
      return isGone ? { type: 'wait', because: 'the set is not there' } : answer;
    },
  }),
};

test('pools are let go by hand at any time, whatever fails meanwhile', async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const report = await simulate({ seed, plans: [pool, second], deeds });
    expect(report.violations, failureText(report)).toEqual([]);
  }
});

const second: SetPlan = { ...pool, name: 'pool-1', disks: 0 };
const deeds: readonly Deed[] = [
  'deletes a set by force',
  'deletes a set by force',
  'makes a set again',
  'makes a set again',
  'scales',
  'deletes a member',
  'deletes a set',
  'takes a member out of its set',
  'hangs a finalizer on a member',
  'deletes a disk',
];
