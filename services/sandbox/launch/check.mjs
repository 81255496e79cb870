import { installPackages } from './install-packages.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runStages, stagesWithoutServers } from './stages.mjs';

await launch(async () => {
  checkPlatform();
  await installPackages();
  await runStages(stagesWithoutServers, process.argv.slice(2));
});
