import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import type { Report } from './options.ts';
import { failureText, shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

const mutation = mutants['destruction comes before its row'];

test('a history that fails is told as the shortest one found that breaks the same', async () => {
  const failed = await firstFailure();
  const options = { seed: failed.seed, mutation, replays: false };
  const shortest = await shrink(options, { failed, mostRuns: 20 });
  expect(shortest.faults.length).toBeLessThan(failed.faults.length);
  const [violation] = shortest.violations;
  expect(failureText(shortest)).toContain(`seed ${failed.seed} fails`);
  expect(failureText(shortest)).toContain(`  ${violation}\n`);
});

async function firstFailure(): Promise<Report> {
  for (let seed = 1; seed <= 60; seed += 1) {
    const report = await simulate({ seed, mutation, replays: false });
    if (report.violations.length > 0 && report.faults.length > 3) return report;
  }
  throw new Error('no seed kills the mutant');
}
