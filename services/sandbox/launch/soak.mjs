import { join } from 'node:path';
import { installPackages } from './install-packages.mjs';
import { repo } from './paths.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runNode } from './stages.mjs';
import { testPrograms } from './test-programs.mjs';
import { inTestRun } from './test-run.mjs';

/**
 * Any number of simulated histories, on all cores: `npm run soak -- --seeds N [--from S]`. Or the real
 * processes under a steady load: `npm run soak -- --minutes N [--rate R]`. Or N pools with disks that are
 * filled and emptied: `npm run soak -- --pools N [--machines M]`.
 */
await launch(async () => {
  checkPlatform();
  await installPackages();
  const args = process.argv.slice(2);
  const has = (options) => args.some((arg) => options.test(arg));
  const run = has(/^--(pools|machines)\b/)
    ? real('empty-pools.ts', args)
    : has(/^--(minutes|rate)\b/)
      ? real('soak.ts', args)
      : simulated(args);
  if (!(await run)) process.exitCode = 1;
});

function simulated(args) {
  return runNode([join(repo, 'test', 'simulation', 'soak.ts'), ...args]);
}

/** A program of test/load, with real processes. */
async function real(program, args) {
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  const file = join(repo, 'test', 'load', program);
  return inTestRun(({ env }) => runNode([file, ...args], env));
}
