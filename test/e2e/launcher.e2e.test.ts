import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** What `npm start` and `npm run reset` promise about processes and the data folder. */

const launchers = fileURLToPath(new URL('../../services/sandbox/launch', import.meta.url));
let rollcall: Rollcall;

beforeAll(async () => {
  rollcall = await startRollcall();
});

afterAll(async () => {
  await rollcall[Symbol.asyncDispose]();
});

function run(script: string, ...args: readonly string[]) {
  const env = { ...process.env, ROLLCALL_HOME: rollcall.home };
  const path = join(launchers, script);
  return spawnSync(process.execPath, [path, ...args], { env, encoding: 'utf8' });
}

function pidOf(name: string): number {
  return rollcall.pids().get(name) ?? Number.NaN;
}

const names = [
  'executor',
  'gateway',
  'nats',
  'postgres',
  'reconciler',
  'recorder',
  'sandbox',
  'watcher',
] as const;

test('every process has a pid file, and no secret is open to others', () => {
  expect([...rollcall.pids().keys()].toSorted()).toEqual(names);
  expect(statSync(join(rollcall.home, 'secrets')).mode & 0o777).toBe(0o700);
  const files = readdirSync(join(rollcall.home, 'secrets')).map((name) => join('secrets', name));
  for (const file of [...files, 'cli.json', 'kubeconfig', 'nats/nats.conf']) {
    expect([file, statSync(join(rollcall.home, file)).mode & 0o777]).toEqual([file, 0o600]);
  }
});

test('a second start and a reset are refused while the first runs', () => {
  const second = run('start.mjs');
  expect([second.status, second.stderr]).toEqual([
    1,
    expect.stringMatching(/^Rollcall already runs .*\n$/),
  ]);
  const reset = run('reset.mjs');
  expect([reset.status, reset.stderr]).toEqual([1, expect.stringMatching(/^Rollcall runs .*\n$/)]);
  expect(pidOf('watcher')).not.toBeNaN();
});

test('the folder of one cluster is not used for another', async () => {
  await rollcall.stop();
  const other = run('start.mjs', '--kubeconfig', otherCluster());
  expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('npm run reset')]);
  await rollcall.restart();
});

/** The sandbox's own file, which then reads as a real cluster. */
function otherCluster(): string {
  return join(rollcall.home, 'kubeconfig');
}

test.each(['watcher', 'nats', 'postgres', 'sandbox'])(
  '%s is started again when it dies, and that is said',
  async (name) => {
    const before = pidOf(name);
    process.kill(before, 'SIGKILL');
    await until('another process', () => ![before, Number.NaN].includes(pidOf(name)));
    await until('word of it', () => rollcall.output().includes(`${name} ended by SIGKILL`));
    await until('a cluster that answers', async () => {
      await rollcall.kubectl(['get', 'vmpool']);
      return true;
    });
  },
);

test('a start stops what a killed launcher left running, and keeps the data', async () => {
  await rollcall.kubectl(['create', 'namespace', 'kept']);
  const before = rollcall.pids();
  await rollcall.killLauncher();
  await rollcall.restart();
  expect(rollcall.output()).toContain('stopping what an earlier start left running');
  for (const name of names) expect(pidOf(name)).not.toBe(before.get(name));
  await rollcall.kubectl(['get', 'namespace', 'kept']);
});

test('Postgres and NATS run durably', () => {
  const log = readFileSync(join(rollcall.home, 'nats', 'nats.conf'), 'utf8');
  expect(log).toContain('sync_interval: always');
  const pid = pidOf('postgres');
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/fsync|synchronous|full_page/);
});

test('after a stop nothing runs, and a reset removes the folder', async () => {
  await rollcall.stop();
  expect(rollcall.output()).toMatch(/stopped; the data are kept\n$/);
  expect([...rollcall.pids().keys()]).toEqual([]);
  const reset = run('reset.mjs');
  expect([reset.status, reset.stdout]).toEqual([0, expect.stringMatching(/^removed /)]);
  expect(existsSync(rollcall.home)).toBe(false);
});
