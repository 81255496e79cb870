import { expect, test } from 'vitest';
import { differences, interferences, runs, sieve } from './sieve-runs.ts';

/**
 * One run, once undisturbed and once for each way to disturb it: a crash before and after every write,
 * every event hidden, the watcher started again at every event with an older view. No chance is in it.
 */
export function sieveTest(name: keyof typeof runs): void {
  test(`${name} ends alike, whatever single thing goes wrong`, async () => {
    const run = runs[name];
    const reference = await sieve(run);
    expect(reference.violations).toEqual([]);
    const plans = interferences(reference.report);
    const failures: string[] = [];
    for (const plan of plans) {
      const found = differences(reference, await sieve(run, plan));
      if (found.length > 0) failures.push(`${JSON.stringify(plan)}: ${found.join('; ')}`);
    }
    process.stdout.write(`${name}: ${plans.length} plans\n`);
    expect(failures).toEqual([]);
  }, 900_000);
}
