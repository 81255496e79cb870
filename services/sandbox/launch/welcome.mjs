import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brokerUrl, gatewayUrl } from './parts.mjs';
import { repo, shownPath } from './paths.mjs';
import { serverOf } from './sandbox-ready.mjs';
import { describe } from './target.mjs';

/** What is said when all is ready: what runs, and what to type next. */
export function welcome(run, { target, tookMs }) {
  const seconds = (tookMs / 1000).toFixed(1);
  return [
    `Rollcall runs on ${describe(target)}, mode ${run.options.mode} (ready in ${seconds} s).`,
    ...inventory(run),
    `Data and logs are in ${shownPath(run.paths.home)}; Ctrl-C stops everything and keeps them.`,
    '',
    'Next, in another terminal, in this folder:',
    ...nextCommands(run).map((line) => `  ${line}`),
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
  if (!run.uses.sandbox) return ['npx rollcall status'];
  return [
    `export KUBECONFIG=${quoted(run.paths.kubeconfig)}`,
    ...(run.kubectl?.ours ? [`export PATH=${quoted(run.paths.bin)}:$PATH`] : []),
    ...exampleCommands(),
    'npx rollcall status',
    `curl -H "Authorization: Bearer $(cat ${quoted(run.paths.token)})" ${gatewayUrl(run)}/v1/scale-operations`,
  ];
}

/** One example as a start. */
function exampleCommands() {
  const folder = join(repo, 'deploy', 'examples');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.yaml'))
    : [];
  const file = files.find((name) => name === 'vm-pool-cirros.yaml') ?? files.sort()[0];
  return file === undefined ? [] : [`kubectl create -f deploy/examples/${file}`];
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
