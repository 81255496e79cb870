import { deeds } from './human.ts';
import type { Deed } from './human.ts';
import { poolDeeds } from './pool-deeds.ts';
import type { Random } from './random.ts';
import { planSets } from './sets.ts';
import type { SetPlan } from './sets.ts';

/** The seeds in which mutants are looked for; they keep their meaning, so that what kills goes on killing. */
const mostOfMutants = 60;

/** Of people who do nothing but tend pools with disks, and so do the same thing more than once. */
const tending: readonly Deed[] = [
  ...poolDeeds,
  'scales',
  'deletes a member',
  'takes a member out of its set',
];

type Habit = 'usual' | 'everything' | 'tending';

/** In every third seed people also roll out, go back, heal and keep disks; in half of those little else. */
function habitOf(seed: number): Habit {
  if (seed <= mostOfMutants || seed % 3 !== 0) return 'usual';
  return seed % 2 === 0 ? 'everything' : 'tending';
}

/** What people may do in the history of a seed. */
export function deedsOf(seed: number): readonly Deed[] {
  const habit = habitOf(seed);
  if (habit === 'tending') return tending;
  return habit === 'usual' ? deeds : [...deeds, ...poolDeeds];
}

/** What sets people want in the history of a seed. */
export function plansOf(seed: number, random: Random): readonly SetPlan[] {
  const plans = planSets(random);
  if (habitOf(seed) !== 'tending') return plans;
  return plans.map(({ disks, ...plan }, at): SetPlan => ({
    ...plan,
    kind: 'VirtualMachinePool',
    name: `pool-${at}`,
    disks: Math.max(1, disks),
  }));
}
