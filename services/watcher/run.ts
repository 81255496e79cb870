import type { Answer, Cluster } from '#shared/cluster/cluster.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Log } from '#shared/stream/log.ts';
import { Outbox } from './outbox.ts';
import type { OutboxLimits } from './outbox.ts';
import type { WatcherMetrics } from './metrics.ts';
import { createPlaces } from './places.ts';
import { createTeller } from './teller.ts';
import { watchKind } from './watch-kind.ts';
import type { WatchOptions } from './watch-state.ts';

export type WatcherParts = {
  readonly cluster: Cluster;
  /** uid of kube-system. */
  readonly clusterId: string;
  readonly stream: Pick<Log, 'append'>;
  readonly key: DigestKey;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: WatchOptions;
  readonly limits: OutboxLimits;
  /** Feeds the jitter. */
  readonly seed: number;
  readonly metrics?: WatcherMetrics;
  /** Called once every kind has been surveyed and what was seen is stored. */
  readonly onReady?: () => void;
};

/** Watches every kind until the signal aborts, and says `ready` once each has been surveyed. */
export async function watchCluster(parts: WatcherParts, signal: AbortSignal): Promise<void> {
  const { cluster, stream, log, key, clock, options, seed } = parts;
  const outbox = new Outbox((shard, fact) => stream.append(shard, 'fact', fact), parts.limits);
  parts.metrics?.follow(outbox);
  const places = createPlaces(parts.clusterId);
  const isServed = createDiscovery(cluster);
  const unsurveyed = new Set<Kind>(kinds);
  const onSurveyed = (kind: Kind) => {
    if (unsurveyed.delete(kind) && unsurveyed.size === 0) void sayReady(outbox, parts);
  };
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const machines = kinds.map((kind, index) =>
    watchKind(
      {
        kind,
        cluster,
        isServed,
        teller: createTeller({ kind, key, places, outbox }),
        outbox,
        clock,
        log,
        options,
        seed: seed + index,
        metrics: parts.metrics,
        onSurveyed,
      },
      both,
    ),
  );
  try {
    await Promise.race([Promise.all(machines), outbox.broken]);
  } finally {
    stop.abort();
    outbox.close();
  }
}

/** The launcher and tests wait for this line; `merged` tells whether the log kept up. */
async function sayReady(outbox: Outbox, { log, onReady }: WatcherParts): Promise<void> {
  await outbox.drained();
  log.info({ merged: outbox.merged }, 'ready');
  onReady?.();
}

/** Kinds that ask at the same time share one answer. */
function createDiscovery(cluster: Cluster): (kind: Kind) => Promise<Answer<boolean>> {
  let asking: ReturnType<Cluster['discover']> | undefined;
  return async (kind) => {
    asking ??= cluster.discover().finally(() => (asking = undefined));
    const answer = await asking;
    return answer.ok ? { ok: true, value: answer.value.has(kind) } : answer;
  };
}
