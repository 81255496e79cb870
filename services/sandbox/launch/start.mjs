import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet } from './fleet.mjs';
import { installPackages } from './install-packages.mjs';
import { lockFolder } from './lock.mjs';
import { help, parseOptions } from './options.mjs';
import { brokerUrl, partsOf, roleUrl } from './parts.mjs';
import { makeFolders, pathsOf, shownPath } from './paths.mjs';
import { checkPlatform } from './pinned-node.mjs';
import { prepareRun } from './prepare.mjs';
import { stopLeftovers } from './process-table.mjs';
import { launch, Refusal, say } from './say.mjs';
import { writePrivate } from './secrets.mjs';
import { stopOnSignals } from './signals.mjs';
import { claimFolder, targetOf } from './target.mjs';
import { welcome } from './welcome.mjs';

await launch(async () => {
  const began = Date.now();
  checkPlatform();
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return say(help);
  const paths = pathsOf(process.env);
  mkdirSync(paths.home, { recursive: true });
  if (!(await lockFolder(paths.home))) {
    const folder = shownPath(paths.home);
    throw new Refusal(
      `Rollcall already runs with the data in ${folder}; stop it there with Ctrl-C.`,
    );
  }
  makeFolders(paths);
  await installPackages();
  const target = await targetOf(options);
  claimFolder(paths, target);
  await stopLeftovers(paths);
  const run = await prepareRun({ paths, options, env: process.env });
  writePrivate(paths.cli, cliSettings(run));
  const parts = partsOf(run);
  const fleet = new Fleet(parts, paths);
  say(`starting ${parts.map(({ name }) => name).join(', ')}`);
  const stopped = stopOnSignals(fleet);
  if (!(await startUnlessStopped(fleet, stopped))) return;
  if (run.uses.sandbox) writePrivate(paths.token, sandboxToken(paths));
  say(welcome(run, { target, tookMs: Date.now() - began }));
  await stopped.done;
});

/** What `rollcall` needs to read the book and the log; its role in the database can only read. */
function cliSettings(run) {
  const databaseUrl = roleUrl(run, 'reader');
  return JSON.stringify({
    databaseUrl,
    natsUrl: brokerUrl(run, 'cli'),
    natsMonitorUrl: run.natsMonitorUrl,
    kubeconfig: run.options.kubeconfig ?? run.paths.kubeconfig,
    // In the sandbox each service has an account of its own.
    servicesUseKubeconfig: !run.uses.sandbox,
    context: run.options.context,
    mode: run.options.mode,
    kubevirtControllers: run.options.kubevirtControllers,
  });
}

/** The token of the sandbox's administrator, who is whoever types here; a real cluster gives its own. */
function sandboxToken(paths) {
  return JSON.parse(readFileSync(join(paths.sandbox, 'tokens.json'), 'utf8')).admin;
}

async function startUnlessStopped(fleet, stopped) {
  try {
    await fleet.start();
    return true;
  } catch (error) {
    if (!stopped.asked) throw error;
    await stopped.done;
    return false;
  }
}
