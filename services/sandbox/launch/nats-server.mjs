import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repo } from './paths.mjs';

const source = join(repo, 'deploy', 'nats', 'nats.conf');

/** The users of deploy/nats, each with rights of its own; a service is called as its user is. */
export const natsUsers = [
  'watcher',
  'reconciler',
  'executor',
  'recorder',
  'gateway',
  'cli',
  'provision',
];

/**
 * Writes the configuration of a NATS server, which is that of deploy/nats, and answers how it is run.
 * Passwords stand in a file beside it and never on the command line, which everybody can read.
 * `password` adds the user `rollcall` who may do everything, and `syncAlways: false` leaves confirmed
 * messages unsynced: both are for tests. `trace` logs every message of the protocol.
 */
export function natsCommand(server) {
  const { binary, folder, port, monitorPort } = server;
  const store = join(folder, 'store');
  mkdirSync(store, { recursive: true });
  const config = join(folder, 'nats.conf');
  writeFileSync(config, configurationOf(server), { mode: 0o600 });
  writeFileSync(join(folder, 'passwords.conf'), passwordsOf(server), { mode: 0o600 });
  const addresses = ['-a', '127.0.0.1', '-p', `${port}`, '-m', `${monitorPort}`];
  return { file: binary.file, args: ['-c', config, '-sd', store, ...addresses], cwd: folder };
}

function configurationOf({ cluster, password, syncAlways = true, trace = false }) {
  let text = readFileSync(source, 'utf8');
  if (cluster) text = text.replaceAll('ROLLCALL_default', `ROLLCALL_${cluster}`);
  if (password)
    text = text.replace('users: [', 'users: [{ user: rollcall, password: $all_rights }');
  if (!syncAlways) text = text.replace('sync_interval: always', '');
  return trace ? `${text}\ntrace: true\nmax_traced_msg_len: 1\n` : text;
}

/** A user without a password cannot be told to a server, so one that nobody was given stands in. */
function passwordsOf({ passwords = {}, password }) {
  const lines = natsUsers.map(
    (user) => `${user}_password: "${passwords[user] ?? randomBytes(24).toString('hex')}"`,
  );
  return [...lines, ...(password ? [`all_rights: "${password}"`] : []), ''].join('\n');
}

export function natsUrl({ user = 'rollcall', password, port }) {
  return `nats://${user}:${password}@127.0.0.1:${port}`;
}

export async function natsIsReady(monitorUrl) {
  return (await answerOf(`${monitorUrl}/healthz`))?.status === 'ok';
}

/** The JSON at an address, or undefined when nothing useful answers within two seconds. */
export async function answerOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return await response.json();
  } catch {
    return undefined;
  }
}
