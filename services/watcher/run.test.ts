import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { shardOf } from '#shared/stream/shards.ts';
import { FakeCluster } from '#test/support/fake-cluster.ts';
import { until } from '#test/support/until.ts';
import { watchCluster } from './run.ts';
import { Belief } from './testing/fold.ts';

const clusterId = 'cluster-1';
const shop = shardOf(clusterId, 'shop');

/** A watcher on a fake cluster and a log in memory, and what a reader of that log believes. */
async function rig(cluster: FakeCluster, travelMs = 0) {
  const travel = () => new Promise<void>((resolve) => setTimeout(resolve, travelMs));
  const broker = new MemoryBroker({ now: () => Date.now(), ...(travelMs > 0 && { travel }) });
  const stream = broker.open();
  const stop = new AbortController();
  const belief = new Belief();
  const running = watchCluster(
    {
      cluster,
      clusterId,
      stream,
      key: digestKeyOf(Buffer.alloc(32)),
      clock: systemClock,
      log: silentLogger(),
      options: { run: 'r', pageSize: 3, surveyEachMs: 60_000, backoff: { firstMs: 1, mostMs: 2 } },
      limits: { inFlight: 8, held: 8 },
      seed: 1,
    },
    stop.signal,
  );
  const reading = (async () => {
    for await (const message of stream.read({ after: 0 }, stop.signal)) {
      for (const record of message.records) belief.fold(message.shard, record);
    }
  })();
  return {
    belief,
    running,
    until: (what: string, holds: () => boolean) =>
      until(what, holds, { timeoutMs: 4_000, everyMs: 2 }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.catch(() => undefined);
      await reading.catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'AbortError')) throw error;
      });
    },
  };
}

const kind = 'VirtualMachine' satisfies Kind;

function truth(cluster: FakeCluster): readonly string[] {
  return cluster
    .all(kind)
    .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
    .toSorted();
}

type Action = {
  readonly do:
    | 'put'
    | 'take'
    | 'cut'
    | 'reset'
    | 'compact'
    | 'failList'
    | 'forbid'
    | 'unserve'
    | 'serve'
    | 'rest';
  readonly name: string;
};

function act(cluster: FakeCluster, { do: verb, name }: Action): void {
  switch (verb) {
    case 'put':
      return void cluster.put(kind, { metadata: { name } });
    case 'take':
      if (cluster.all(kind).some((object) => object.metadata?.name === name))
        cluster.take(kind, name);
      return;
    case 'cut':
      return cluster.cutWatches();
    case 'reset':
      return cluster.cutWatches({ kind: 'unclear' });
    case 'compact':
      cluster.compact();
      return cluster.cutWatches({ kind: 'gone', code: 410 });
    case 'failList':
      return cluster.failNext('list', { kind: 'unclear' });
    case 'forbid':
      cluster.failNext('watch', { kind: 'forbidden' }, kind);
      return cluster.cutWatches();
    case 'unserve':
      cluster.serve(kind, false);
      return cluster.cutWatches({ kind: 'not-found' });
    case 'serve':
      return cluster.serve(kind, true);
    case 'rest':
      return;
  }
}

test('whatever happens between, a reader of the log comes to believe what is', async () => {
  const verbs = [
    'put',
    'put',
    'put',
    'take',
    'cut',
    'reset',
    'compact',
    'failList',
    'forbid',
    'unserve',
    'serve',
    'rest',
  ] as const;
  const action = fc.record({
    do: fc.constantFrom(...verbs),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 30 }),
      fc.constantFrom(0, 0, 1),
      async (actions, travelMs) => {
        const cluster = new FakeCluster();
        await using watcher = await rig(cluster, travelMs);
        for (const one of actions) {
          act(cluster, one);
          if (one.do === 'rest') await new Promise((resolve) => setTimeout(resolve, 3));
        }
        cluster.serve(kind, true);
        await watcher.until('belief and truth to agree', () => {
          if (!watcher.belief.isSynced(kind, shop)) return false;
          return JSON.stringify(watcher.belief.of(kind, shop)) === JSON.stringify(truth(cluster));
        });
      },
    ),
    { numRuns: 20 },
  );
}, 60_000);

test('a cluster whose versions are no numbers is refused', async () => {
  const cluster = new FakeCluster();
  cluster.put(kind, { metadata: { name: 'a' } });
  cluster.spoilVersions();
  await using watcher = await rig(cluster);
  await expect(watcher.running).rejects.toThrow(/is not a number/);
});
