import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { openStore } from '#shared/store/open-store.ts';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { storeCluster } from '#test/support/store-cluster.ts';
import { until } from '#test/support/until.ts';
import { aTestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import type { TestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import { haltedPool } from '../bench/halted-pool.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase } from './book-database.ts';
import { aFact, aShard } from './log-records.ts';
import { startPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';
import { limitsOf, provisioned } from './stream-limits.ts';

/* The whole path from cluster to book, while the log or the book takes no more. */

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
  pipeline = startPipeline({ broker: await provisioned(nats), book, cluster });
  await make('web', 4);
});

afterEach(async () => {
  await pipeline[Symbol.asyncDispose]();
  await book[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

test('a log that refuses records loses none, and goes on by itself when it has room', async () => {
  const { limit, messages } = limitsOf(nats.url);
  const most = (await messages()) + 5;
  await limit(most);
  await scale('web', 9);
  await everyoneIsStrained();
  // Changes that the log cannot take: they are all there when it can.
  for (const replicas of [8, 7, 3, 2]) await scale('web', replicas);
  expect(await messages()).toBeLessThanOrEqual(most);
  expect(deletions()).toEqual({});
  await limit(-1);
  await stands('web', 2);
  expect(Object.values(deletions()).every((times) => times === 1)).toBe(true);
  expect(creations()).toEqual({ ...deletions(), 'web-0': 1, 'web-1': 1 });
  await until('every change of size to stand in the book', async () => {
    const sizes = await sizesInTheBook();
    return [9, 8, 7, 3, 2].every((size) => sizes.includes(size));
  });
  await bookIsWhole();
  expect(pipeline.failures).toEqual([]);
});

test('from 80 % on nothing is destroyed, all else goes on, and room ends it', async () => {
  const { limit, messages } = limitsOf(nats.url);
  await fillUp(1_000);
  await limit(Math.floor((await messages()) / 0.82));
  await everyoneIsStrained();
  await scale('web', 1);
  // Decided after the scale-in was seen: others get what they ask for.
  await make('other', 2);
  await scale('other', 3);
  await stands('other', 3);
  expect(deletions()).toEqual({});
  await limit(-1);
  await stands('web', 1);
  expect(deletions()).toEqual({ 'web-1': 1, 'web-2': 1, 'web-3': 1 });
  await bookIsWhole();
  expect(pipeline.failures).toEqual([]);
});

test('a book that falls behind holds destruction alone, and loses nothing', async () => {
  await using owner = openStore({ databaseUrl: book.urlFor(), name: 'test' });
  await owner.db.connection().execute(async (db) => {
    await sql`begin`.execute(db);
    await sql`lock table book.entry in exclusive mode`.execute(db);
    await scale('web', 2);
    await make('other', 3);
    expect(deletions()).toEqual({});
    await sql`rollback`.execute(db);
  });
  await stands('web', 2);
  expect(deletions()).toEqual({ 'web-2': 1, 'web-3': 1 });
  await bookIsWhole();
  expect(pipeline.failures).toEqual([]);
});

async function make(name: string, replicas: number): Promise<void> {
  expect(await cluster.create(haltedPool(name, replicas))).toMatchObject({ ok: true });
  await stands(name, replicas);
}

async function scale(name: string, replicas: number): Promise<void> {
  const ref = { kind: 'VirtualMachinePool', namespace: 'default', name };
  const patched = await cluster.patch(ref, { type: 'merge', body: { spec: { replicas } } });
  expect(patched.ok).toBe(true);
}

/** The members are these, and the set says so itself. */
async function stands(name: string, size: number): Promise<void> {
  const ref = { kind: 'VirtualMachinePool', namespace: 'default', name };
  await until(`${name} to stand at ${size}`, async () => {
    if (membersOf(name) !== size) return false;
    const read = await cluster.read(ref);
    return read.ok && JSON.stringify(read.value['status'] ?? {}).includes(`"replicas":${size}`);
  });
}

function membersOf(name: string): number {
  const names = Array.from({ length: 20 }, (_, ordinal) => `${name}-${ordinal}`);
  return names.filter((member) => world.see('VirtualMachine', member) !== undefined).length;
}

function creations(): Readonly<Record<string, number>> {
  return timesOf('ADDED');
}

function deletions(): Readonly<Record<string, number>> {
  return timesOf('DELETED');
}

function timesOf(type: 'ADDED' | 'DELETED'): Readonly<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const change of world.changes) {
    if (change.type !== type || change.definition.kind !== 'VirtualMachine') continue;
    const { name } = change.object.metadata;
    times[name] = (times[name] ?? 0) + 1;
  }
  return times;
}

/** Each service has noticed that the log is full, or nearly so. */
async function everyoneIsStrained(): Promise<void> {
  await until('every service to notice', () =>
    [...pipeline.streams.values()].every((stream) => stream.condition().strain !== undefined),
  );
}

/** Messages about nothing that anybody knows. */
async function fillUp(messages: number): Promise<void> {
  await using stream = await openNatsLog(await provisioned(nats), silentLogger());
  for (let number = 0; number < messages; number += 1) {
    await stream.append(aShard(number % 64), 'fact', aFact(`nobody-${number}`));
  }
}

async function sizesInTheBook(): Promise<readonly (number | null)[]> {
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  const rows = await store.db.selectFrom('book.history').select('to_size').execute();
  return rows.map((row) => row.to_size);
}

async function bookIsWhole(): Promise<void> {
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  expect(await verifyChain(store.db)).toMatchObject({ whole: true });
}
