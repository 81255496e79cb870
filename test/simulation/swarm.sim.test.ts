import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { coverageText, missing } from './coverage.ts';
import { soak } from './soak-run.ts';

/** About a minute on two quiet cores; `npm run soak` has the many. */
const seeds = 150;

test('no seed breaks an invariant, and together they hit every verb, outcome, fault and deed', async () => {
  const workers = Math.min(availableParallelism(), 8);
  const totals = await soak({ from: 1, seeds, workers });
  process.stdout.write(`${coverageText(totals.counts)}\n`);
  process.stdout.write(
    `${totals.seeds} seeds, ${totals.steps} steps, ${totals.faults} faults, ${totals.violations} violations\n`,
  );
  expect(totals.failures.map(({ text }) => text).join('\n\n')).toBe('');
  expect(missing(totals.counts)).toEqual([]);
}, 600_000);
