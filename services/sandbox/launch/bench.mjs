import { join } from 'node:path';
import { installPackages } from './install-packages.mjs';
import { repo } from './paths.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runNode } from './stages.mjs';
import { testPrograms } from './test-programs.mjs';
import { inTestRun } from './test-run.mjs';

await launch(async () => {
  checkPlatform();
  await installPackages();
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  const bench = join(repo, 'test', 'bench', 'bench.ts');
  const args = [bench, ...process.argv.slice(2)];
  // Files on the command line are named from where it was typed.
  const INIT_CWD = process.env.INIT_CWD ?? process.cwd();
  if (!(await inTestRun(({ env }) => runNode(args, { ...env, INIT_CWD })))) process.exitCode = 1;
});
