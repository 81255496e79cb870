import { setTimeout as sleep } from 'node:timers/promises';
import { claimStream } from '#shared/cluster/claim-stream.ts';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import type { Policy } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { openStore } from '#shared/store/open-store.ts';
import { openRecorderPosition } from '#shared/store/recorder-position.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { BookGate } from '../../services/executor/book-gate.ts';
import { createHands } from '../../services/executor/hands.ts';
import { Lane } from '../../services/executor/lane.ts';
import { execute } from '../../services/executor/run.ts';
import { core } from '../../services/reconciler/decider.ts';
import { reconcile } from '../../services/reconciler/run.ts';
import { settingsSchema } from '../../services/reconciler/settings.ts';
import { record } from '../../services/recorder/record.ts';
import { watchCluster } from '../../services/watcher/run.ts';
import type { BookDatabase } from './book-database.ts';

export type Surroundings = {
  readonly broker: StreamSettings;
  readonly book: BookDatabase;
  readonly cluster: Cluster;
};

export type Pipeline = AsyncDisposable & {
  /** Name of the service and what it failed with, for each time that one was started anew. */
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  /** The connection of each service that runs now, by its name. */
  readonly streams: ReadonlyMap<string, Stream>;
};

const policy: Policy = { mode: 'manage', kubevirtControllers: 'off' };
const key = digestKeyOf(Buffer.alloc(32, 7));
const clock = systemClock;
const log = silentLogger();

/** The four services of the path, each on its own connection, started anew when it fails. */
export function startPipeline(around: Surroundings): Pipeline {
  const stop = new AbortController();
  const failures: { name: string; error: unknown }[] = [];
  const streams = new Map<string, Stream>();
  const services = { watcher, reconciler, executor, recorder };
  const running = Object.entries(services).map(async ([name, run]) => {
    while (!stop.signal.aborted) {
      const turn = new AbortController();
      try {
        await using stream = await openNatsLog(around.broker, log);
        streams.set(name, stream);
        const signal = AbortSignal.any([stop.signal, turn.signal]);
        await Promise.race([run(around, stream, signal), stream.lost]);
      } catch (error) {
        if (!stop.signal.aborted) failures.push({ name, error });
      }
      turn.abort();
      await sleep(50);
    }
  });
  return {
    failures,
    streams,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

type Run = (around: Surroundings, stream: Stream, signal: AbortSignal) => Promise<void>;

const watcher: Run = async ({ cluster }, stream, signal) => {
  const { positions } = stream;
  const clusterId = await claimStream({ cluster, positions, clock, log }, signal);
  const run = Math.random().toString(36).slice(2);
  await using lease = await stream.leases.hold('watcher', run, signal);
  const backoff = { firstMs: 50, mostMs: 500 };
  const options = { run, pageSize: 500, surveyEachMs: 3_600_000, backoff };
  const limits = { inFlight: 4_096, held: 20_000 };
  const parts = { cluster, clusterId, stream, key, clock, log, options, limits, seed: 1 };
  await Promise.race([watchCluster(parts, signal), lease.lost]);
};

const reconciler: Run = async ({ broker }, stream, signal) => {
  const env = { NATS_URL: broker.url, ROLLCALL_MODE: 'manage' };
  const settings = parseSettings(settingsSchema, { ...env, ROLLCALL_KUBEVIRT_CONTROLLERS: 'off' });
  const holder = Math.random().toString(36).slice(2);
  await reconcile({ stream, log, clock, decider: core, settings, holder }, signal);
};

const executor: Run = async ({ book, cluster }, stream, signal) => {
  await using position = openRecorderPosition(book.urlFor('executor'));
  const holder = Math.random().toString(36).slice(2);
  await using lease = await stream.leases.hold('executor', holder, signal);
  const run = execute(
    {
      stream,
      hands: createHands({ cluster, key, policy, clock }),
      gate: new BookGate({
        stream,
        read: () => position.read(),
        strain: () => stream.condition().strain,
        clock,
        log,
      }),
      lanes: { creates: new Lane(8), others: new Lane(8), notices: new Lane(2) },
      clock,
      log,
    },
    signal,
  );
  await Promise.race([run, lease.lost]);
};

const recorder: Run = async ({ book }, stream, signal) => {
  await using store = openStore({
    databaseUrl: book.urlFor('recorder'),
    name: 'recorder',
    sessions: 1,
  });
  await record({ store, log: stream, logger: log, clock, attests: false }, signal);
};
