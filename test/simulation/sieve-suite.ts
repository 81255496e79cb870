import { expect, test } from 'vitest';
import { runs } from './sieve-runs.ts';
import { sieveAll } from './sieve-all.ts';

/** Every so many of the plans, in turn of all kinds; `npm run soak -- --sieve` takes every one. */
const stride = 7;

/**
 * One run, once undisturbed and once for each way to disturb it: a crash before and after every write,
 * every event hidden, the watcher started again at every event with an older view. No chance is in it.
 */
export function sieveTest(name: keyof typeof runs): void {
  test(`${name} ends alike, whatever single thing goes wrong`, async () => {
    const { plans, failures } = await sieveAll(runs[name], { stride });
    process.stdout.write(`${name}: ${plans} plans\n`);
    expect(failures).toEqual([]);
  }, 600_000);
}
