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
 * processes under a steady load: `npm run soak -- --minutes N [--rate R]`.
 */
await launch(async () => {
  checkPlatform();
  await installPackages();
  const args = process.argv.slice(2);
  const isLoad = args.some((arg) => /^--(minutes|rate)\b/.test(arg));
  if (!(await (isLoad ? underLoad(args) : simulated(args)))) process.exitCode = 1;
});

function simulated(args) {
  return runNode([join(repo, 'test', 'simulation', 'soak.ts'), ...args]);
}

async function underLoad(args) {
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  const soak = join(repo, 'test', 'load', 'soak.ts');
  return inTestRun(({ env }) => runNode([soak, ...args], env));
}
