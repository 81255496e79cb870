import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { differences, runs, sieve } from './sieve-runs.ts';

const run = runs['a replica set from 2 to 4 to 1'];
const mutation = mutants['commands are acknowledged before they are done'];

test('a mutant that does well on a good day is caught by a crash before one of its writes', async () => {
  const reference = await sieve(run, undefined, mutation);
  expect(reference.violations).toEqual([]);
  const writes = reference.report.writes.flatMap((what, at) =>
    what.startsWith('create') ? [at + 1] : [],
  );
  expect(writes.length).toBeGreaterThan(0);
  for (const write of writes) {
    const disturbed = await sieve(run, { type: 'crash', write, when: 'before' }, mutation);
    if (differences(reference, disturbed).length > 0) return;
  }
  expect.unreachable('every crash ends as the undisturbed run does');
});
