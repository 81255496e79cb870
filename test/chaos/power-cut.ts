import { randomInt } from 'node:crypto';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createRandom } from '../simulation/random.ts';
import { loopDiskProblem } from '../support/loop-disk.ts';
import { PowerCuts, peak, rest } from './power-cuts.ts';
import type { Trial } from './power-cuts.ts';
import { healthy, undisturbed } from './proof.ts';

/*
 * node test/chaos/power-cut.ts --trials 20 [--seed 7]
 *
 * Cuts the broker's power so many times while pools grow and shrink. The last line counts; the exit code
 * is 1 when anything was lost or done twice.
 */

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '20' }, seed: { type: 'string' } },
});
const trials = Number(values.trials);
const seed = values.seed ?? String(randomInt(1e9));
const problem = loopDiskProblem();
if (problem !== undefined) {
  console.error(`power cuts cannot be tried here: ${problem}`);
  process.exit(1);
}

const total = { acked: 0, lost: 0, settled: 0, forgotten: 0, differing: 0 };
const began = performance.now();
await using cuts = await PowerCuts.start();
for (let number = 1; number <= trials; number += 1) {
  const trial = await cuts.trial(createRandom(`${seed}/${number}`));
  add(trial);
  const { acked, settled, lost, forgotten } = trial;
  const words = `${acked} acknowledged, ${lost.length} lost; ${settled} outcomes, ${forgotten.length} lost`;
  console.log(`power cut ${number} of ${trials}: ${words}${isAsIf(trial) ? '' : '; DIFFERS'}`);
  if (!isAsIf(trial)) console.log(JSON.stringify({ ...trial, lost: lost.slice(0, 10) }));
}
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${trials} power cuts (seed ${seed}, ${seconds} s): ${total.acked} acknowledged records, ${total.lost} lost; ` +
    `${total.settled} outcomes, ${total.forgotten} lost; ${total.differing} runs that differ from an undisturbed one`,
);
if (total.lost + total.forgotten + total.differing > 0) process.exitCode = 1;

function add(trial: Trial): void {
  total.acked += trial.acked;
  total.lost += trial.lost.length;
  total.settled += trial.settled;
  total.forgotten += trial.forgotten.length;
  if (!isAsIf(trial)) total.differing += 1;
}

/** Whether all objects and the book are as if nothing had happened. */
function isAsIf({ proof, health }: Trial): boolean {
  return isDeepStrictEqual([proof, health], [undisturbed(peak, rest), healthy]);
}
