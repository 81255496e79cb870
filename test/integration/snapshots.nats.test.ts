import { connect } from 'nats';
import { expect, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import { snapshotBucket, snapshotStream, snapshotSubjects } from '#shared/stream/subjects.ts';
import { aShard } from './log-records.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';
import { describeSnapshots } from './snapshots-contract.ts';

const log = silentLogger();
const shard = aShard(3);
const position = { lineage: '0123abcd', sequence: 1, hash: 'f'.repeat(64) };

describeSnapshots('snapshots on NATS', async () => {
  const nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  const stream = await openNatsLog(settingsOf(nats), log);
  return {
    snapshots: stream.snapshots,
    async spoil(spoiled) {
      const [newest] = await stream.snapshots.find(spoiled);
      if (newest === undefined) throw new Error('there is nothing to spoil');
      const connection = await connect({ servers: nats.url });
      const manager = await connection.jetstreamManager();
      const { chunks } = snapshotSubjects(spoiled, newest.place);
      await manager.streams.purge(snapshotStream, { filter: chunks });
      await connection.jetstream().publish(chunks, Buffer.alloc(newest.size, 'x'));
      await connection.close();
    },
    async [Symbol.asyncDispose]() {
      await stream[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
});

test('a write that was cut short leaves the older snapshot, and nothing to pile up', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  const older = await stream.snapshots.save(shard, aSnapshot('older'));
  const newer = await stream.snapshots.save(shard, aSnapshot('newer'));
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  const unfinished = snapshotSubjects(shard, older.place);
  for (let times = 0; times < 5; times += 1) {
    await manager.streams.purge(snapshotStream, { filter: unfinished.chunks });
    await connection.jetstream().publish(unfinished.chunks, Buffer.alloc(100_000));
  }
  const [first, second] = await stream.snapshots.find(shard);
  expect(first).toEqual(newer);
  expect(second && (await stream.snapshots.read(shard, second))).toBeUndefined();
  const next = await stream.snapshots.save(shard, aSnapshot('next'));
  expect(next.place).toBe(older.place);
  expect((await manager.streams.info(snapshotStream)).state.messages).toBe(4);
  await connection.close();
});

test('what is kept can be fetched with the tools of any object store', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  await stream.snapshots.save(shard, aSnapshot('x'.repeat(600_000)));
  const connection = await connect({ servers: nats.url });
  const store = await connection.jetstream().views.os(snapshotBucket);
  expect((await store.list()).map(({ name, size }) => `${name} ${size}`)).toEqual(['03-a 600000']);
  expect(Buffer.from((await store.getBlob('03-a')) ?? []).toString()).toBe('x'.repeat(600_000));
  await connection.close();
});

function aSnapshot(text: string) {
  return { position, version: 7, body: Buffer.from(text) };
}

function settingsOf(nats: PrivateNats) {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
