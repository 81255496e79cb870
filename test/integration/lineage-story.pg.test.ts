import { cp, rm } from 'node:fs/promises';
import { connect } from 'nats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openStore } from '#shared/store/open-store.ts';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { LineageError } from '#shared/stream/lineage.ts';
import { provision } from '#shared/stream/provision.ts';
import { streamName } from '#shared/stream/subjects.ts';
import { storeCluster } from '#test/support/store-cluster.ts';
import { until } from '#test/support/until.ts';
import { aTestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import type { TestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import { haltedPool } from '../bench/halted-pool.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase } from './book-database.ts';
import { startPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';

/* The whole path from cluster to book, and a log that is not the one it was. */

const pool = { kind: 'VirtualMachinePool', namespace: 'default', name: 'web' };

let nats: PrivateNats;
let book: BookDatabase;
let world: TestWorld;
let cluster: Cluster;
let pipeline: Pipeline;

beforeEach(async () => {
  nats = await startPrivateNats();
  book = await createBook();
  world = aTestWorld();
  cluster = storeCluster(world.store);
  await provision(broker(), silentLogger());
  pipeline = startPipeline({ broker: broker(), book, cluster });
  expect(await cluster.create(haltedPool('web', 4))).toMatchObject({ ok: true });
  await stands(4);
});

afterEach(async () => {
  await pipeline[Symbol.asyncDispose]();
  await book[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

test('a stream that was deleted and made anew is told, and nothing is done twice', async () => {
  await deleteStream();
  await provision(broker(), silentLogger());
  await broken(1);
  await restarted('watcher', 'reconciler', 'executor', 'recorder');
  await scale(6);
  await stands(6);
  await scale(3);
  await stands(3);
  expect(timesOf('ADDED')).toEqual(eachOnce(0, 6));
  expect(timesOf('DELETED')).toEqual(eachOnce(3, 6));
  await bookIsWhole();
});

test('a broker that came back empty is told, and nothing is done twice', async () => {
  await nats.kill();
  await nats.forget();
  await nats.start();
  await provision(broker(), silentLogger());
  await broken(1);
  await restarted('watcher', 'reconciler', 'executor', 'recorder');
  await scale(2);
  await stands(2);
  expect(timesOf('ADDED')).toEqual(eachOnce(0, 4));
  expect(timesOf('DELETED')).toEqual(eachOnce(2, 4));
  await bookIsWhole();
});

test('an older copy of the log is told, and what it forgot is not done twice', async () => {
  await nats.kill();
  await cp(nats.store, `${nats.store}.copy`, { recursive: true });
  await nats.start();
  await scale(7);
  await stands(7);
  await scale(5);
  await stands(5);
  await bookHas('settled');
  await nats.kill();
  await rm(nats.store, { recursive: true });
  await cp(`${nats.store}.copy`, nats.store, { recursive: true });
  await nats.start();
  await broken(1);
  await restarted('watcher', 'reconciler', 'executor', 'recorder');
  await scale(6);
  await until('the members to be 6', () => members().length === 6);
  await scale(4);
  await stands(4);
  // web-5 came, went, and was wanted once more; all others came and went at most once.
  expect(timesOf('ADDED')).toEqual({ ...eachOnce(0, 7), 'web-5': 2 });
  expect(timesOf('DELETED')).toEqual({ ...eachOnce(4, 7), 'web-5': 2 });
  await bookIsWhole();
});

/** The members are these, and the set says so itself. */
async function stands(size: number): Promise<void> {
  await until(`the pool to stand at ${size}`, async () => {
    if (members().length !== size) return false;
    const read = await cluster.read(pool);
    return read.ok && JSON.stringify(read.value['status'] ?? {}).includes(`"replicas":${size}`);
  });
}

function members(): readonly string[] {
  const names = Array.from({ length: 20 }, (_, ordinal) => `web-${ordinal}`);
  return names.filter((name) => world.see('VirtualMachine', name) !== undefined);
}

async function scale(replicas: number): Promise<void> {
  const patched = await cluster.patch(pool, { type: 'merge', body: { spec: { replicas } } });
  expect(patched.ok).toBe(true);
}

/** How often each VM was created, or deleted, in the cluster. */
function timesOf(type: 'ADDED' | 'DELETED'): Readonly<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const change of world.changes) {
    if (change.type !== type || change.definition.kind !== 'VirtualMachine') continue;
    const { name } = change.object.metadata;
    times[name] = (times[name] ?? 0) + 1;
  }
  return times;
}

function eachOnce(from: number, to: number): Readonly<Record<string, number>> {
  const ordinals = Array.from({ length: to - from }, (_, index) => from + index);
  return Object.fromEntries(ordinals.map((ordinal) => [`web-${ordinal}`, 1]));
}

async function broken(times: number): Promise<void> {
  await until('the book to tell the break', async () => (await count('lineage-broken')) === times);
}

async function bookHas(kind: string): Promise<void> {
  await until(`the book to have ${kind}`, async () => (await count(kind)) > 0);
}

async function restarted(...names: readonly string[]): Promise<void> {
  await until('every service to have noticed', () =>
    names.every((name) =>
      pipeline.failures.some((one) => one.name === name && one.error instanceof LineageError),
    ),
  );
}

async function count(kind: string): Promise<number> {
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  const rows = await store.db
    .selectFrom('book.entries')
    .select('sequence')
    .where('kind', '=', kind)
    .execute();
  return rows.length;
}

async function bookIsWhole(): Promise<void> {
  expect(await count('lineage-broken')).toBe(1);
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  expect(await verifyChain(store.db)).toMatchObject({ whole: true });
}

async function deleteStream(): Promise<void> {
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  await manager.streams.delete(streamName('test'));
  await connection.close();
}

function broker() {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
