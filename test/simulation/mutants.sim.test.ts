import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import type { MutantName } from './mutants.ts';
import { simulate } from './simulate.ts';

/**
 * Each mutant with a seed that kills it and the invariant that it breaks. That the seed is a good one of
 * production is held by the swarm, which has it too. Nothing is decided once more here: a mutant must be
 * seen by what it does.
 */
const kills: readonly (readonly [MutantName, number, string])[] = [
  ['own commands are not folded', 3, 'C3'],
  ['an unclear answer is taken as a no', 9, 'E7'],
  ['deletes name no uid', 10, 'C1'],
  ['the live read before destruction is an old one', 1, 'C8'],
  ['the close of a survey buries nobody', 4, 'L1'],
  ['commands are acknowledged before they are done', 2, 'L1'],
  ['an older epoch goes on writing', 2, 'E5'],
  ['half a frame is folded', 4, 'L1'],
  ['lists come from a stale cache', 3, 'L1'],
  ['destruction comes before its row', 4, 'A1'],
  ['the guard against mass deletion is off', 29, 'C10'],
  ['the server gives the names', 1, 'I10'],
];

test.each(kills)(
  '"%s" is killed by seed %i, which finds %s broken',
  async (name, seed, invariant) => {
    const report = await simulate({ seed, mutation: mutants[name], replays: false });
    expect(report.violations.map((text) => text.split(':', 1)[0])).toContain(invariant);
  },
);

test('no mutant goes without a seed', () => {
  expect(kills.map(([name]) => name).toSorted()).toEqual(Object.keys(mutants).toSorted());
});
