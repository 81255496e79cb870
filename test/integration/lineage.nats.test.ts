import { cp, rm } from 'node:fs/promises';
import { connect } from 'nats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import { LineageError } from '#shared/stream/lineage.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { streamName } from '#shared/stream/subjects.ts';
import { freePort } from '#test/support/free-port.ts';
import { aFact, anOpening, aShard, take } from './log-records.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';

/* A broker that is given another store, or an older copy of it, says nothing of it: we have to notice. */

const log = silentLogger();
const shard = aShard(3);

let nats: PrivateNats;
let stream: Stream;

beforeEach(async () => {
  nats = await startPrivateNats();
  await provision(settings(), log);
  stream = await openNatsLog(settings(), log);
});

afterEach(async () => {
  await stream[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

test('a reader notices that the stream is gone', async () => {
  const reading = readOn();
  await stream.append(shard, 'fact', aFact('a'));
  await deleteStream();
  await expect(reading).rejects.toThrow(LineageError);
});

test('a reader does not read on in a stream that was made anew', async () => {
  const reading = readOn();
  for (const name of ['a', 'b', 'c']) await stream.append(shard, 'fact', aFact(name));
  await deleteStream();
  await provision(settings(), log);
  // Whoever looks between the two sees that it is gone; both end the reading.
  await expect(reading).rejects.toThrow(/was made anew|is gone/);
  await expect(stream.lost).rejects.toThrow(/was made anew|is gone/);
});

test('a writer of facts notices by its first record that they go into another stream', async () => {
  for (const name of ['a', 'b', 'c']) await stream.append(shard, 'fact', aFact(name));
  await deleteStream();
  await provision(settings(), log);
  await expect(stream.append(shard, 'fact', aFact('d'))).rejects.toThrow(/counts anew/);
  await expect(stream.lost).rejects.toThrow(LineageError);
});

test('nobody who writes or reads anything has to come by: an idle process notices too', async () => {
  await deleteStream();
  await provision(settings(), log);
  await expect(stream.lost).rejects.toThrow(/was made anew/);
});

test('a decision is not stored as the first of another stream', async () => {
  const first = await stream.appendDecision(shard, anOpening('one'), 0);
  expect(first).toEqual({ stored: true, sequence: 1 });
  await deleteStream();
  await provision(settings(), log);
  const next = stream.appendDecision(shard, anOpening('two'), 1);
  await expect(next).rejects.toThrow(LineageError);
  await using fresh = await openNatsLog(settings(), log);
  expect(await fresh.bounds()).toEqual({ first: 1, last: 0 });
});

test('a log that came back older is noticed as soon as the broker is back', async () => {
  const reading = readOn();
  await stream.append(shard, 'fact', aFact('a'));
  await nats.kill();
  await cp(nats.store, `${nats.store}.copy`, { recursive: true });
  await nats.start();
  for (const name of ['b', 'c']) await stream.append(shard, 'fact', aFact(name));
  await putBack();
  await expect(reading).rejects.toThrow(/was set back/);
  await expect(stream.append(shard, 'fact', aFact('d'))).rejects.toThrow(/was set back/);
  await using fresh = await openNatsLog(settings(), log);
  expect(fresh.identity).toEqual(stream.identity);
  expect(await fresh.bounds()).toEqual({ first: 1, last: 1 });
});

test('so is one that has grown as long again meanwhile', async () => {
  await stream.append(shard, 'fact', aFact('a'));
  await nats.kill();
  await cp(nats.store, `${nats.store}.copy`, { recursive: true });
  await nats.start();
  await stream.append(shard, 'fact', aFact('b'));
  await nats.kill();
  await rm(nats.store, { recursive: true });
  await cp(`${nats.store}.copy`, nats.store, { recursive: true });
  const elsewhere = await freePort();
  await nats.start(elsewhere);
  const connection = await connect({ servers: `nats://127.0.0.1:${elsewhere}` });
  await connection.jetstream().publish('rc.03.fact', Buffer.from('another'));
  await connection.close();
  await nats.kill();
  await nats.start();
  await expect(stream.lost).rejects.toThrow(/was set back/);
});

test('a broker that came back empty is noticed', async () => {
  await stream.append(shard, 'fact', aFact('a'));
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  const { config } = await manager.streams.info(streamName('test'));
  await connection.close();
  expect(config.deny_purge).toBe(true);
  await nats.kill();
  await nats.forget();
  await nats.start();
  await provision(settings(), log);
  await expect(stream.lost).rejects.toThrow(LineageError);
});

test('a broker that is only killed and started again breaks nothing', async () => {
  await stream.append(shard, 'fact', aFact('a'));
  await nats.kill();
  const away = stream.append(shard, 'fact', aFact('b'));
  await nats.start();
  expect(await away).toEqual({ stored: true, sequence: 2 });
  expect(await take(stream, 2)).toHaveLength(2);
});

async function putBack(): Promise<void> {
  await nats.kill();
  await rm(nats.store, { recursive: true });
  await cp(`${nats.store}.copy`, nats.store, { recursive: true });
  await nats.start();
}

/** Reads until it fails; the failure is the caller's, who may ask for it after it has come. */
function readOn(): Promise<void> {
  const reading = untilItFails();
  reading.catch(() => undefined);
  return reading;
}

async function untilItFails(): Promise<void> {
  for await (const _ of stream.read({ after: 0 }, AbortSignal.timeout(30_000)));
}

async function deleteStream(): Promise<void> {
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  await manager.streams.delete(streamName('test'));
  await connection.close();
}

function settings() {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
