import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brokerUrl, gatewayUrl } from './parts.mjs';
import { repo, shownPath } from './paths.mjs';
import { serverOf } from './sandbox-ready.mjs';
import { describe } from './target.mjs';

/** What is said when all is ready: what runs, what to type next, and how it ends. */
export function welcome(run, { target, tookMs }) {
  const seconds = (tookMs / 1000).toFixed(1);
  return [
    '',
    `Rollcall runs on ${describe(target)}, mode ${run.options.mode} (ready in ${seconds} s).`,
    '',
    ...inventory(run),
    '',
    'Next, in another terminal:',
    '',
    ...nextCommands(run).map((line) => `  ${line}`),
    '',
    tokenLine(run),
    `Data and logs are kept in ${shownPath(run.paths.home)}; \`npm run reset\` removes them.`,
    'Ctrl-C here stops everything, and `npm start` goes on where it stopped.',
  ].join('\n');
}

function inventory(run) {
  const version = run.postgres?.binaries.version;
  return [
    ...(run.uses.sandbox ? [`  sandbox   ${serverOf(run.paths.kubeconfig)?.server ?? ''}`] : []),
    `  NATS      ${withoutPassword(brokerUrl(run, 'cli'))}${run.nats ? ` (nats-server ${run.nats.version})` : ''}`,
    `  Postgres  ${withoutPassword(run.databaseUrl)}${version ? ` (${version})` : ''}`,
    `  gateway   ${gatewayUrl(run)} (/openapi.json tells what may be asked)`,
    '  services  watcher, reconciler, executor, recorder, gateway',
  ];
}

function nextCommands(run) {
  const cd = `cd ${quoted(repo)}`;
  if (!run.uses.sandbox) return [cd, 'npx rollcall status'];
  return [
    cd,
    `export KUBECONFIG=${quoted(run.paths.kubeconfig)}`,
    ...(run.kubectl?.ours
      ? [`export PATH=${quoted(run.paths.bin)}:$PATH        # has kubectl`]
      : []),
    ...exampleCommands(),
    'npx rollcall status',
    `curl -H "Authorization: Bearer $(cat ${quoted(shownPath(run.paths.token))})" ${gatewayUrl(run)}/v1/sets`,
  ];
}

/** Where the token is, never the token itself: terminals are recorded and logs are kept. */
function tokenLine(run) {
  return run.uses.sandbox
    ? `The API takes the token in ${shownPath(run.paths.token)}, which is the administrator's of the sandbox.`
    : 'The API takes any bearer token of the cluster; who may list sets there may ask about them here.';
}

/** One example as a start. */
function exampleCommands() {
  const folder = join(repo, 'deploy', 'examples');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.yaml'))
    : [];
  const file = files.find((name) => name === 'vm-pool-cirros.yaml') ?? files.sort()[0];
  if (file === undefined) return [];
  return [`kubectl create -f deploy/examples/${file}`, 'kubectl get vmpool,vm'];
}

function withoutPassword(url) {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href.replace(/\/$/, '');
}

function quoted(path) {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
