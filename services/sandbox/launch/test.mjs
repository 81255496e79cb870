import { givenCluster } from './given-cluster.mjs';
import { installPackages } from './install-packages.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { launch } from './say.mjs';
import { runStages, stages } from './stages.mjs';
import { testPrograms } from './test-programs.mjs';

await launch(async () => {
  checkPlatform();
  // A file that is not there is told now, and named in full for those who start elsewhere.
  const given = givenCluster(process.env);
  if (given !== undefined) process.env.ROLLCALL_E2E_KUBECONFIG = given.kubeconfig;
  await installPackages();
  process.env.ROLLCALL_BIN = (await testPrograms()).bin;
  await runStages(stages, process.argv.slice(2));
});
