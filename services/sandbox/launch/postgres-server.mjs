import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identity } from './passable-folder.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { Refusal } from './say.mjs';

export const owner = 'rollcall';

/**
 * Makes a cluster of Postgres with a database `rollcall` of the owner of the same name, unless it is
 * there already. It is made aside and renamed, so an interrupted start leaves no half of one.
 * `durable: false` skips waiting for the disk and is for tests only.
 */
export async function makeDatabaseCluster({ binaries, folder, password, durable }) {
  const data = join(folder, 'data');
  if (existsSync(data)) return checkVersion(data, binaries.version);
  const half = join(folder, 'data.new');
  const passwordFile = join(folder, 'password');
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half);
  giveAway(half, 0o700);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  giveAway(passwordFile, 0o600);
  try {
    const sync = durable ? [] : ['--no-sync'];
    const auth = ['-U', owner, '-A', 'scram-sha-256', '--pwfile', passwordFile];
    const initdb = ['-D', half, ...auth, '--locale=C', '-E', 'UTF8', '--data-checksums', ...sync];
    await runAs(folder, join(binaries.folder, 'bin', 'initdb'), initdb);
    const single = ['--single', '-D', half, ...(durable ? [] : ['-F']), 'postgres'];
    const create = `CREATE DATABASE ${owner};\n`;
    await runAs(folder, join(binaries.folder, 'bin', 'postgres'), single, create);
    renameSync(half, data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(half, { recursive: true, force: true });
  }
}

/**
 * How a server is run on that cluster. Only tests set `durable: false`: a real one must keep what it
 * has confirmed, or the book could miss a deletion that has happened.
 */
export function postgresCommand({ binaries, folder, port, durable }) {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']),
  ];
  return {
    file: join(binaries.folder, 'bin', 'postgres'),
    args: ['-D', join(folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
    cwd: folder,
    ...identity(),
  };
}

/** Postgres itself says in its pid file when it takes connections; pg_ctl waits for the same line. */
export function postgresIsReady(folder, pid) {
  try {
    const lines = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

export function postgresUrl({ password, port, user = owner, database = owner }) {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

function checkVersion(data, version) {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (found === version.split('.')[0]) return;
  throw new Refusal(
    `The data in ${data} were written by Postgres ${found}, but the packages carry ${version}; please ` +
      'dump and restore them, or run `npm run reset` to start anew.',
  );
}

async function runAs(cwd, file, args, input) {
  const { code, stdout, stderr } = await runCommand(file, args, { cwd, input, ...identity() });
  if (code === 0) return;
  throw new Refusal(
    `The Postgres database could not be made: ${lastLines(`${stdout}\n${stderr}`, 4)}`,
  );
}

function giveAway(path, mode) {
  chmodSync(path, mode);
  const { uid, gid } = identity();
  if (uid !== undefined) chownSync(path, uid, gid);
}
