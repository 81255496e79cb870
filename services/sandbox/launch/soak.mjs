import { join } from 'node:path';
import { installPackages } from './install-packages.mjs';
import { repo } from './paths.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runNode } from './stages.mjs';

/** Any number of simulated histories, on all cores: `npm run soak -- --seeds N [--from S]`. */
await launch(async () => {
  checkPlatform();
  await installPackages();
  const soak = join(repo, 'test', 'simulation', 'soak.ts');
  if (!(await runNode([soak, ...process.argv.slice(2)]))) process.exitCode = 1;
});
