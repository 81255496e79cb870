import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { migrate } from '#migrations/migrate.ts';
import { setPasswords } from '#migrations/passwords.ts';
import { openStore } from '#shared/store/open-store.ts';

const run = promisify(execFile);
const binaries = process.env['ROLLCALL_TEST_POSTGRES'] ?? '/usr/lib/postgresql/15/bin';
const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** A Postgres of this test file alone. Its role `owner` is a superuser without a password. */
export interface BookServer extends AsyncDisposable {
  urlFor(database: string, role?: string): string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startBookServer(): Promise<BookServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-book-'));
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid);
  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'owner', '-A', 'trust', '--no-sync', '--locale=C', '-E', 'UTF8'];
  await run(join(binaries, 'initdb'), initdb, { cwd: folder, ...identity });
  const port = await freePort();
  let child = await launch(folder, port);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await ended;
  };
  return {
    urlFor: (database, role = 'owner') => `postgres://${role}:secret@127.0.0.1:${port}/${database}`,
    stop,
    async start() {
      child = await launch(folder, port);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A database with the book in it, as the migrations make it. */
export async function makeBook(server: BookServer, name: string): Promise<void> {
  await using admin = openStore({ databaseUrl: server.urlFor('postgres'), name: 'test' });
  await sql`create database ${sql.ref(name)}`.execute(admin.db);
  await using owner = openStore({ databaseUrl: server.urlFor(name), name: 'test' });
  await migrate(owner.db);
  await setPasswords(owner.db, { recorder: 'secret', reader: 'secret', executor: 'secret' });
}

async function launch(folder: string, port: number): Promise<ReturnType<typeof spawn>> {
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const args = ['-D', join(folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(join(binaries, 'postgres'), args, { cwd: folder, stdio: 'ignore', ...identity });
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) break;
    const ready = await run(join(binaries, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
      () => true,
      () => false,
    );
    if (ready) return child;
    await delay(50);
  }
  throw new Error('the Postgres of the test did not start');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
