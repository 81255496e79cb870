import { failureText, shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

/** What one seed came to, as it travels between processes. */
export type SeedResult = {
  readonly seed: number;
  readonly steps: number;
  readonly faults: number;
  readonly violations: number;
  readonly counts: readonly (readonly [string, number])[];
  /** Empty when nothing was violated. */
  readonly text: string;
};

/** Asked for one seed after the other by the process that started it. */
if (process.send !== undefined) {
  process.on('message', (seed) => void answer(Number(seed)));
  process.once('disconnect', () => process.exit());
  process.send('ready');
}

async function answer(seed: number): Promise<void> {
  process.send?.(await runSeed(seed));
}

async function runSeed(seed: number): Promise<SeedResult> {
  const report = await simulate({ seed });
  const { steps, violations } = report;
  const counts = [...report.counts];
  const faults = counts
    .filter(([what]) => what.startsWith('fault '))
    .reduce((sum, [, count]) => sum + count, 0);
  const text =
    violations.length === 0 ? '' : failureText(await shrink({ seed }, { failed: report }));
  return { seed, steps, faults, violations: violations.length, counts, text };
}
