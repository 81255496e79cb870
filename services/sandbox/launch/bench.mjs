import { join } from 'node:path';
import { installPackages } from './install-packages.mjs';
import { repo } from './paths.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runNode } from './stages.mjs';
import { testPrograms } from './test-programs.mjs';

await launch(async () => {
  checkPlatform();
  await installPackages();
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  const bench = join(repo, 'test', 'bench', 'bench.ts');
  if (!(await runNode([bench, ...process.argv.slice(2)]))) process.exitCode = 1;
});
