import { expect, test } from 'vitest';
import { claimStream } from '#shared/cluster/claim-stream.ts';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import type { Message } from '#shared/stream/log.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { shardOf } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { FakeCluster } from '#test/support/fake-cluster.ts';
import { until } from '#test/support/until.ts';
import { watchCluster } from '../../services/watcher/run.ts';
import { Belief } from '../../services/watcher/testing/fold.ts';
import { canary, samples } from '../../services/watcher/testing/samples.ts';
import { startPrivateNats } from './private-nats.ts';

const log = silentLogger();
const shop = shardOf('cluster-1', 'shop');
const kind = 'VirtualMachine';

/** A broker and a stream that no other test uses; a broker holds the stream of one cluster. */
async function startBroker() {
  const nats = await startPrivateNats();
  const { url, monitorUrl } = nats;
  const settings: StreamSettings = { cluster: 'test', url, monitorUrl, allowLazySync: false };
  await provision(settings, log);
  return {
    nats,
    open: () => openNatsLog(settings, log),
    [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
  };
}

/** Everything that a reader of the stream has been told. */
class Reader implements AsyncDisposable {
  readonly belief = new Belief();
  readonly messages: Message[] = [];
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(stream: Stream) {
    this.#reading = this.#read(stream);
  }

  get records(): readonly LogRecord[] {
    return this.messages.flatMap((message) => message.records);
  }

  /** The names told of a kind, in order, with the sort of record. */
  told(): readonly string[] {
    return this.messages
      .filter((message) => message.shard === shop)
      .flatMap((message) => message.records)
      .flatMap((record) => {
        if (record.type === 'observed' && record.object.kind === kind) {
          return [`${record.object.meta.name}@${record.object.meta.resourceVersion}`];
        }
        return record.type === 'vanished' ? [`-${record.name}`] : [];
      });
  }

  surveys(): number {
    return this.messages
      .filter((message) => message.shard === shop)
      .flatMap((message) => message.records)
      .filter((record) => record.type === 'surveyed' && record.kind === kind).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(stream: Stream): Promise<void> {
    for await (const message of stream.read({ after: 0 }, this.#stop.signal)) {
      expect(message.poison).toEqual([]);
      for (const record of message.records) this.belief.fold(message.shard, record);
      this.messages.push(message);
    }
  }
}

/** The watcher as main.ts runs it, less the process. */
function startWatcher(cluster: FakeCluster, stream: Stream, run = 'one') {
  const stop = new AbortController();
  const running = watchCluster(
    {
      cluster,
      clusterId: 'cluster-1',
      stream,
      key: digestKeyOf(Buffer.alloc(32, 3)),
      clock: systemClock,
      log,
      options: {
        run,
        pageSize: 50,
        surveyEachMs: 3_600_000,
        backoff: { firstMs: 20, mostMs: 100 },
      },
      limits: { inFlight: 4_096, held: 20_000 },
      seed: 7,
    },
    stop.signal,
  );
  running.catch(() => undefined);
  return {
    running,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

test('surveys every kind in every shard, whole, and then tells what changes', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  for (let number = 0; number < 120; number++)
    cluster.put(kind, { metadata: { name: `vm-${number}` } });
  for (const one of kinds)
    cluster.put(one, { ...samples[one], metadata: { ...samples[one].metadata, uid: `s-${one}` } });
  await using _watcher = startWatcher(cluster, stream);
  const synced = () => kinds.every((one) => reader.belief.isSynced(one, shop));
  await until('every kind to be synced', synced);
  expect(reader.belief.of(kind, shop)).toHaveLength(121);
  expect(reader.belief.of('PersistentVolume', shop)).toHaveLength(1);
  await until('brackets in all shards', () => {
    const closed = reader.records.filter((record) => record.type === 'surveyed');
    return closed.length === 7 * 64 + 65;
  });
  expect(cluster.asked.filter((one) => one.verb === 'discover')).toHaveLength(1);
  expect(JSON.stringify(reader.records)).not.toContain(canary);

  cluster.put(kind, { metadata: { name: 'vm-0' } });
  cluster.take(kind, 'vm-1');
  await until('the deletion', () => reader.told().at(-1) === '-vm-1');
  expect(reader.told().at(-2)).toMatch(/^vm-0@/);
  expect(reader.belief.of(kind, shop)).toHaveLength(120);
});

test('a watch that breaks off goes on where it was, without a list and without a second telling', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  cluster.put(kind, { metadata: { name: 'a' } });
  await using _watcher = startWatcher(cluster, stream);
  await until('the survey', () => reader.surveys() === 1);
  for (const failure of [undefined, { kind: 'unclear' as const }, undefined]) {
    const { metadata } = cluster.put(kind, { metadata: { name: 'a' } });
    await until('the change', () => reader.told().at(-1) === `a@${metadata?.resourceVersion}`);
    cluster.cutWatches(failure);
    cluster.put(kind, { metadata: { name: 'b' } });
    await until(
      'the change during the outage',
      () => reader.told().at(-1)?.startsWith('b@') === true,
    );
  }
  expect(new Set(reader.told()).size).toBe(reader.told().length);
  expect(cluster.asked.filter((one) => one.verb === 'list' && one.kind === kind)).toHaveLength(1);
});

test('after 410 a new survey shows what is gone, and a new object under an old name', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  for (const name of ['stays', 'goes', 'again']) cluster.put(kind, { metadata: { name } });
  await using _watcher = startWatcher(cluster, stream);
  await until('the survey', () => reader.surveys() === 1);
  cluster.failNext('watch', { kind: 'gone', code: 410 }, kind);
  cluster.cutWatches({ kind: 'unclear' });
  cluster.take(kind, 'goes');
  cluster.take(kind, 'again');
  cluster.put(kind, { metadata: { name: 'again' } });
  cluster.put(kind, { metadata: { name: 'between' } });
  cluster.take(kind, 'between');
  cluster.compact();
  cluster.cutWatches({ kind: 'gone', code: 410 });
  await until(
    'the second survey',
    () => reader.surveys() >= 2 && reader.belief.isSynced(kind, shop),
  );
  const names = reader.belief.of(kind, shop).map((text) => text.split('@')[0]);
  expect(names).toEqual(['again', 'stays']);
});

test('a kind that is not served is told as such, and surveyed once its CRD comes', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  cluster.serve(kind, false);
  await using _watcher = startWatcher(cluster, stream);
  await until('the kind to be told unserved', () => reader.belief.isUnserved(kind, shop));
  expect(reader.belief.isSynced('DataVolume', shop)).toBe(true);
  cluster.put(kind, { metadata: { name: 'late' } });
  cluster.serve(kind, true);
  await until('the kind to be surveyed', () => reader.belief.isSynced(kind, shop));
  expect(reader.belief.of(kind, shop)).toHaveLength(1);
  cluster.serve(kind, false);
  cluster.cutWatches({ kind: 'not-found', code: 404 });
  await until('the kind to be told unserved again', () => reader.belief.isUnserved(kind, shop));
  expect(reader.belief.of(kind, shop)).toHaveLength(1);
});

test('without the right to look a kind is unsynced, until the right is back', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  await using _watcher = startWatcher(cluster, stream);
  await until('the survey', () => reader.belief.isSynced(kind, shop));
  for (let turn = 0; turn < 20; turn++)
    cluster.failNext('list', { kind: 'forbidden', code: 403 }, kind);
  cluster.failNext('watch', { kind: 'forbidden', code: 403 }, kind);
  cluster.cutWatches({ kind: 'unclear' });
  await until('the kind to be unsynced', () => !reader.belief.isSynced(kind, shop), { everyMs: 5 });
  await until('the kind to be synced again', () => reader.belief.isSynced(kind, shop));
});

test('a second watcher, or one that starts again, changes nothing that is believed', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using elsewhere = await broker.open();
  const cluster = new FakeCluster();
  for (let number = 0; number < 20; number++)
    cluster.put(kind, { metadata: { name: `vm-${number}` } });
  {
    await using _first = startWatcher(cluster, stream, 'one');
    await using reader = new Reader(elsewhere);
    await until('the first survey', () => reader.belief.isSynced(kind, shop));
  }
  cluster.take(kind, 'vm-3');
  await using _second = startWatcher(cluster, stream, 'two');
  await using reader = new Reader(elsewhere);
  await until('the second survey', () => reader.surveys() === 2);
  const names = reader.belief.of(kind, shop).map((text) => text.split('@')[0]);
  expect(names).toHaveLength(19);
  expect(names).not.toContain('vm-3');
});

test('nothing is lost when the broker is killed under load and started again', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  await using _watcher = startWatcher(cluster, stream);
  await until('the survey', () => reader.belief.isSynced(kind, shop));
  const put = (from: number) => {
    for (let number = from; number < from + 500; number++) {
      cluster.put(kind, { metadata: { name: `vm-${number}` } });
    }
  };
  put(0);
  await broker.nats.kill();
  put(500);
  await broker.nats.start();
  put(1000);
  await until('all to be told', () => reader.belief.of(kind, shop).length === 1500);
});

test('a fact is stored soon after it is seen', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  await using reader = new Reader(stream);
  const cluster = new FakeCluster();
  await using _watcher = startWatcher(cluster, stream);
  await until('the survey', () => reader.belief.isSynced(kind, shop));
  const took: number[] = [];
  for (let turn = 0; turn < 100; turn++) {
    const before = reader.messages.length;
    const began = performance.now();
    cluster.put(kind, {
      ...samples[kind],
      metadata: { ...samples[kind].metadata, resourceVersion: '' },
    });
    while (reader.messages.length === before) await new Promise((resolve) => setImmediate(resolve));
    took.push(performance.now() - began);
  }
  const median = took.toSorted((left, right) => left - right)[50];
  // Through a durable broker and back; a poll or a debounce anywhere would show at once.
  expect(median).toBeLessThan(15);
  if (process.env['LOG_LEVEL'] === 'debug') process.stdout.write(`seen to read: ${median} ms\n`);
});

test('a stream that belongs to another cluster is refused, and its owner is not', async () => {
  await using broker = await startBroker();
  await using stream = await broker.open();
  const signal = new AbortController().signal;
  const parts = { positions: stream.positions, clock: systemClock, log };
  const mine = new FakeCluster();
  mine.failNext('identity', { kind: 'unclear' });
  expect(await claimStream({ ...parts, cluster: mine }, signal)).toBe('cluster-1');
  expect(await claimStream({ ...parts, cluster: mine }, signal)).toBe('cluster-1');
  const other = new FakeCluster('cluster-2');
  await expect(claimStream({ ...parts, cluster: other }, signal)).rejects.toThrow(/cluster-2/);
});
