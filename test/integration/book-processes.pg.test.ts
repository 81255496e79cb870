import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrations } from '#migrations/index.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import { runProgram } from '#test/support/run-program.ts';
import type { ProgramResult } from '#test/support/run-program.ts';
import { createDatabase } from '#test/support/test-database.ts';
import { until } from '#test/support/until.ts';
import { aPool, claimGone, sawDisk, sawVm, seen, shard } from './book-story.ts';

/* Migrations, recorder and command line as processes of their own, on a real broker and database. */

const repo = fileURLToPath(new URL('../..', import.meta.url));
const cluster = `book-${process.pid}`;
const password = 'only-for-tests';
const broker = { cluster, url: inject('natsUrl'), monitorUrl: inject('natsMonitorUrl') };

let folder: string;
let ownerUrl: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-book-'));
  const database = await createDatabase(inject('postgresUrl'));
  ownerUrl = database.url;
  drop = () => database.drop();
  const passwords = {
    recorder: password,
    reader: password,
    executor: password,
    gateway: password,
  };
  await writeFile(join(folder, 'passwords.json'), JSON.stringify(passwords));
  const cli = { databaseUrl: urlFor('reader'), natsUrl: broker.url, cluster };
  await writeFile(join(folder, 'cli.json'), JSON.stringify(cli));
  await provision({ ...broker, allowLazySync: false }, silentLogger());
});
afterAll(async () => {
  await drop();
  await rm(folder, { recursive: true });
});

function urlFor(role: string): string {
  const url = new URL(ownerUrl);
  url.username = `rollcall_${role}`;
  url.password = password;
  return url.href;
}

function runMigrations(env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
  return runProgram(process.execPath, [join(repo, 'migrations', 'main.ts')], {
    env: {
      DATABASE_URL: ownerUrl,
      ROLLCALL_DB_PASSWORDS_FILE: join(folder, 'passwords.json'),
      ...env,
    },
    mayFail: true,
  });
}

function rollcall(...args: readonly string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [join(repo, 'services', 'cli', 'main.ts'), ...args], {
    env: { ROLLCALL_HOME: folder },
    mayFail: true,
  });
}

type Recorder = AsyncDisposable & { readonly messages: string[] };

function startRecorder(): Recorder {
  const child = spawn(process.execPath, [join(repo, 'services', 'recorder', 'main.ts')], {
    env: {
      ROLLCALL_CLUSTER: cluster,
      NATS_URL: broker.url,
      NATS_MONITOR_URL: broker.monitorUrl,
      DATABASE_URL: urlFor('recorder'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const messages: string[] = [];
  createInterface(child.stdout).on('line', (line) => messages.push(line));
  return {
    messages,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    },
  };
}

test('a database without a book is told as one, by recorder and command line', async () => {
  const recorder = await runProgram(
    process.execPath,
    [join(repo, 'services', 'recorder', 'main.ts')],
    {
      env: {
        ROLLCALL_CLUSTER: cluster,
        NATS_URL: broker.url,
        NATS_MONITOR_URL: broker.monitorUrl,
        DATABASE_URL: ownerUrl,
      },
      mayFail: true,
    },
  );
  expect(recorder).toMatchObject({
    code: 1,
    stderr: 'recorder: the database has no book yet; run the migrations first\n',
  });
});

test('migrations run twice, and say what they did', async () => {
  const first = await runMigrations();
  expect(first.stdout).toContain(`"applied":${JSON.stringify(Object.keys(migrations))}`);
  const second = await runMigrations();
  expect(second).toMatchObject({ code: 0 });
  expect(second.stdout).toContain('"applied":[]');
});

test('a passwords file that cannot be used is refused without telling its contents', async () => {
  const path = join(folder, 'broken.json');
  await writeFile(path, '{"recorder": hunter2');
  const { code, stdout, stderr } = await runMigrations({ ROLLCALL_DB_PASSWORDS_FILE: path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^migrate: the passwords file .* must be JSON/);
  expect(stdout + stderr).not.toContain('hunter2');
});

test('what the log tells is read on the command line', async () => {
  await using recorder = startRecorder();
  await using log = await openNatsLog({ ...broker, allowLazySync: false }, silentLogger());
  const createdAt = new Date().toISOString();
  const facts = [
    seen(aPool(1, { createdAt })),
    sawVm('web-0'),
    ...sawDisk('web-0'),
    claimGone('web-0'),
  ];
  for (const fact of facts) await log.append(shard, 'fact', fact);
  await until('the recorder to be ready', () =>
    recorder.messages.some((line) => line.includes('"msg":"ready"')),
  );
  await until('the book to hold it all', async () =>
    (await rollcall('status')).stdout.includes('caught up'),
  );

  const history = await rollcall('history', 'vmpool/web', '-n', 'demo', '-o', 'json');
  expect(history.code).toBe(0);
  expect(JSON.parse(history.stdout)).toMatchObject([
    { operation: 'created', from: null, to: 1, grade: 'inferred', outcome: 'done' },
  ]);
  const volumes = await rollcall('deleted-volumes', '-A');
  expect(volumes.stdout).toMatch(/^NAMESPACE +CLAIM +DATAVOLUME/);
  expect(volumes.stdout).toContain('deleted outside Rollcall');
  const status = JSON.parse((await rollcall('status', '-o', 'json')).stdout);
  expect(status).toMatchObject({ recorder: { lag: 0 }, book: { entries: 3 }, sets: 1 });
  const verified = await rollcall('verify');
  expect(verified.code).toBe(0);
  expect(verified.stdout).toMatch(/^whole: 3 entries, head [0-9a-f]{64}\n$/);
});

test('an unknown set, a wrong word and an unreachable book each end with their own code', async () => {
  expect(await rollcall('history', 'vmpool/none')).toMatchObject({
    code: 3,
    stderr: 'rollcall: the book knows no vmpool/none in namespace default\n',
  });
  expect(await rollcall('history', 'none')).toMatchObject({ code: 2 });
  const elsewhere = join(folder, 'elsewhere.json');
  await writeFile(elsewhere, '{"databaseUrl":"postgres://reader:secret@127.0.0.1:1/none"}');
  const away = await runProgram(
    process.execPath,
    [join(repo, 'services', 'cli', 'main.ts'), 'history'],
    { env: { ROLLCALL_CLI_CONFIG: elsewhere }, mayFail: true },
  );
  expect(away).toMatchObject({
    code: 3,
    stderr: 'rollcall: the book cannot be reached at 127.0.0.1:1; is Rollcall running?\n',
  });
});
