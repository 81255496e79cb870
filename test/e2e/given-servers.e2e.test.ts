import { afterAll, beforeAll, expect, test } from 'vitest';
import { haltedPool } from '../bench/halted-pool.ts';
import { startNats } from '../support/start-nats.ts';
import { startPostgres } from '../support/start-postgres.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** A broker and a database that run already, as people have them. */

const stack = new AsyncDisposableStack();
let rollcall: Rollcall;

beforeAll(async () => {
  const nats = stack.adopt(await startNats(), (server) => server.stop());
  const postgres = stack.adopt(await startPostgres(), (server) => server.stop());
  const database = await postgres.createDatabase();
  const env = {
    NATS_URL: nats.url,
    NATS_MONITOR_URL: nats.monitorUrl,
    DATABASE_URL: database.url,
  };
  rollcall = stack.use(await startRollcall({ env }));
}, 280_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

test('no server of our own runs beside them', () => {
  expect([...rollcall.pids().keys()]).not.toContain('nats');
  expect([...rollcall.pids().keys()]).not.toContain('postgres');
});

test('a pool grows, and the book tells of it', async () => {
  const input = JSON.stringify(haltedPool('web', 2));
  await rollcall.kubectl(['create', '-f', '-'], { input });
  await until('two machines', async () => {
    const { stdout } = await rollcall.kubectl(['get', 'vm', '-o', 'name']);
    return stdout.split('\n').filter(Boolean).length === 2;
  });
  await until('the end of it in the book', async () => {
    const { stdout } = await rollcall.rollcall(['history', 'vmpool/web', '-o', 'json']);
    return stdout.includes('"outcome": "done"');
  });
});

test('the book is whole', async () => {
  const { stdout } = await rollcall.rollcall(['verify']);
  expect(stdout).toMatch(/^whole: [1-9]/);
});
