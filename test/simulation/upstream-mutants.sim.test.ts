import { expect, test } from 'vitest';
import type { FaultName } from './faults.ts';
import { foreignFinalizer } from './human.ts';
import type { Deed } from './human.ts';
import type { SetPlan } from './sets.ts';
import { simulate } from './simulate.ts';
import { upstreamMutants } from './upstream-mutants.ts';
import type { UpstreamMutant } from './upstream-mutants.ts';

/** Each defect with a seed that kills it, and the invariant that it breaks. */
type Kill = {
  readonly name: UpstreamMutant;
  readonly seed: number;
  readonly finds: string;
  readonly deeds: readonly Deed[];
  readonly plans?: readonly SetPlan[];
  /** None when absent: upstream's defects need no faults. */
  readonly faults?: readonly FaultName[];
};

const pool: SetPlan = {
  kind: 'VirtualMachinePool',
  namespace: 'blue',
  name: 'pool',
  disks: 1,
  most: 5,
};
const held: SetPlan = { ...pool, finalizers: [foreignFinalizer] };
/** Two pools whose members have the same labels. */
const alike: readonly SetPlan[] = [
  { ...pool, disks: 0, app: 'both' },
  { ...pool, disks: 0, app: 'both', name: 'other' },
];

const kills: readonly Kill[] = [
  {
    name: 'B1: a count below zero takes members from the end',
    seed: 2,
    finds: 'C4',
    plans: [{ ...pool, disks: 0, most: 8 }],
    deeds: ['scales', 'hangs a finalizer on a member', 'deletes a member'],
  },
  {
    name: 'B2: the count is capped before the selectors are asked',
    seed: 1,
    finds: 'L0',
    deeds: ['selects who may go', 'scales', 'changes the machines'],
  },
  {
    name: 'B4: machines of other pools are healed',
    seed: 10,
    finds: 'C2',
    plans: alike,
    deeds: ['heals or not', 'breaks a machine', 'breaks a machine'],
  },
  {
    name: 'B5: members that somebody deletes keep the finalizer',
    seed: 1,
    finds: 'L1',
    deeds: ['deletes a member'],
  },
  {
    name: 'B7: under which policy a member went is forgotten',
    seed: 4,
    finds: 'C7',
    // Healing keeps disks, whatever the policy of the pool.
    deeds: ['heals or not', 'breaks a machine', 'scales'],
  },
  {
    name: 'B9: disks that are to be replaced are kept',
    seed: 1,
    finds: 'C7',
    deeds: ['changes the disks', 'allows new disks', 'sets how to scale in'],
  },
  {
    name: 'B12: a revision of an earlier pool is reused by its name',
    seed: 1,
    finds: 'C9',
    deeds: ['deletes a set and orphans its members', 'makes a set again', 'makes a set again'],
  },
  {
    name: 'B13: finalizers of others are dropped',
    seed: 1,
    finds: 'C12',
    plans: [held],
    deeds: ['scales'],
  },
  {
    name: 'B14: a pool retires by label',
    seed: 1,
    finds: 'C2',
    plans: alike,
    deeds: ['deletes a set', 'makes a set again', 'scales'],
  },
  {
    name: 'B15: instances are restarted by name',
    seed: 1,
    finds: 'E6',
    deeds: ['changes the machines', 'sets how to update'],
  },
  {
    name: 'B16: names of disks are shared',
    seed: 1,
    finds: 'C6',
    plans: [pool, { ...pool, name: 'other' }],
    deeds: ['scales'],
  },
  {
    name: 'B20: machines are replaced wholesale',
    seed: 1,
    finds: 'C12',
    deeds: ['changes the machines', 'labels'],
  },
];

const mostSeeds = 20;

test.each(kills)('"$name" is killed by seed $seed, which finds $finds broken', async (kill) => {
  const killer = await seedThatKills(kill);
  if (killer !== kill.seed) process.stdout.write(`"${kill.name}" is now killed by ${killer}\n`);
  expect(killer, `none of ${mostSeeds} seeds kills it`).toBeDefined();
});

test.each(kills)('no seed that kills "$name" breaks anything without it', async (kill) => {
  const { violations } = await simulate(optionsOf(kill, kill.seed));
  expect(violations).toEqual([]);
});

test('no defect goes without a seed', () => {
  expect(kills.map(({ name }) => name)).toEqual(Object.keys(upstreamMutants));
});

async function seedThatKills(kill: Kill): Promise<number | undefined> {
  const others = Array.from({ length: mostSeeds }, (_, at) => at + 1);
  for (const seed of [kill.seed, ...others]) {
    const mutation = upstreamMutants[kill.name]();
    const { violations } = await simulate({ ...optionsOf(kill, seed), mutation });
    if (violations.some((text) => text.startsWith(`${kill.finds}:`))) return seed;
  }
  return undefined;
}

function optionsOf({ plans = [pool], deeds, faults = [] }: Kill, seed: number) {
  return { seed, plans, deeds, only: faults, replays: false };
}
