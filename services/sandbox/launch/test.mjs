import { installPackages } from './install-packages.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runStages, stages } from './stages.mjs';
import { testPrograms } from './test-programs.mjs';

await launch(async () => {
  checkPlatform();
  await installPackages();
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  await runStages(stages, process.argv.slice(2));
});
