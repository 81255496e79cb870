import { availableParallelism } from 'node:os';
import { commandOptions, wholeNumber } from '../support/command-options.ts';
import { coverageText, missing } from './coverage.ts';
import { sieveAll } from './sieve-all.ts';
import { runs } from './sieve-runs.ts';
import { soak } from './soak-run.ts';

const values = commandOptions({
  seeds: { type: 'string', default: '1000' },
  from: { type: 'string', default: '1' },
  sieve: { type: 'boolean', default: false },
});
const seeds = wholeNumber('seeds', values.seeds);
const from = wholeNumber('from', values.from);
const sayEachMs = 5_000;
/** Fewer seeds than this need not have hit everything. */
const enoughSeeds = 300;

if (values.sieve) {
  await sieveEverything();
  process.exit();
}

const began = Date.now();
let saidAt = began;
const totals = await soak({
  from,
  seeds,
  workers: availableParallelism(),
  onSeed(result, soFar) {
    if (result.text !== '') console.log(`\n${result.text}\n`);
    if (Date.now() - saidAt < sayEachMs) return;
    saidAt = Date.now();
    const rate = (soFar.seeds / ((saidAt - began) / 1000)).toFixed(1);
    console.log(`${soFar.seeds} of ${seeds} seeds, ${rate}/s, ${soFar.violations} violations`);
  },
});

console.log(coverageText(totals.counts));
const unhit = seeds < enoughSeeds ? [] : missing(totals.counts);
if (unhit.length > 0) console.log(`never hit: ${unhit.join(', ')}`);
console.log(
  `${totals.seeds} seeds, ${totals.steps} steps, ${totals.faults} faults, ${totals.violations} violations` +
    (totals.failures.length > 0
      ? ` (seeds ${totals.failures.map(({ seed }) => seed).join(', ')})`
      : ''),
);
if (totals.violations > 0 || unhit.length > 0) process.exitCode = 1;

/** Every sieve plan of every run, one after the other. */
async function sieveEverything(): Promise<void> {
  for (const [name, run] of Object.entries(runs)) {
    const { plans, failures } = await sieveAll(run, {
      stride: 1,
      onPlan: (done, all) => {
        if (done % 50 === 0) console.log(`${name}: ${done} of ${all} plans`);
      },
    });
    for (const failure of failures) console.log(failure);
    console.log(`${name}: ${plans} plans, ${failures.length} failures`);
    if (failures.length > 0) process.exitCode = 1;
  }
}
