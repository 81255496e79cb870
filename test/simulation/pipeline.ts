import type { Cluster } from '#shared/cluster/cluster.ts';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import type { Limits, Policy } from '#shared/contract/records.ts';
import type { View } from '#shared/core/view.ts';
import { silentLogger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { BookGate } from '../../services/executor/book-gate.ts';
import type { ReadRecorderPosition } from '../../services/executor/book-gate.ts';
import { createHands } from '../../services/executor/hands.ts';
import { Lane } from '../../services/executor/lane.ts';
import { execute } from '../../services/executor/run.ts';
import { core } from '../../services/reconciler/decider.ts';
import type { Decider } from '../../services/reconciler/decider.ts';
import type { Memory } from '../../services/reconciler/footing.ts';
import { reconcile } from '../../services/reconciler/run.ts';
import { watchCluster } from '../../services/watcher/run.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Where a mutant may take the place of what production is made of. */
export type Mutation = {
  readonly decider?: (decider: Decider<View>) => Decider<View>;
  readonly limits?: (limits: Limits) => Limits;
  readonly executorCluster?: (cluster: Cluster) => Cluster;
  readonly executorStream?: (stream: Stream) => Stream;
  readonly reconcilerStream?: (stream: Stream) => Stream;
  readonly watcherCluster?: (cluster: Cluster) => Cluster;
  /** `stream` is the log as the executor reads it. */
  readonly bookPosition?: (read: ReadRecorderPosition, stream: Stream) => ReadRecorderPosition;
};

export type Surroundings = {
  readonly clusterId: string;
  readonly streamFor: (process: SimulatedProcess) => Stream;
  readonly clusterFor: (process: SimulatedProcess) => Cluster;
  readonly readBook: (process: SimulatedProcess) => ReadRecorderPosition;
  /** Told every view that a reconciler begins. */
  readonly onView: (process: SimulatedProcess, view: View) => void;
  readonly mutation: Mutation;
  /** What a reconciler has seen of the log, kept beyond the end of a connection. */
  readonly memoryFor: (process: SimulatedProcess) => Memory;
  /** Reconcilers put down what they have folded, and begin with it. */
  readonly keepsSnapshots: boolean;
};

export const policy: Policy = { mode: 'manage', kubevirtControllers: 'off' };
const limits: Limits = {
  burst: 250,
  pending: 500,
  massDeleteCount: 10,
  massDeleteShare: 0.2,
  massDeleteWindowMs: 600_000,
};
const key = digestKeyOf(Buffer.alloc(32, 7));
const log = silentLogger();

export async function runWatcher(
  { clusterId, clusterFor, streamFor, mutation }: Surroundings,
  process: SimulatedProcess,
): Promise<void> {
  const stream = streamFor(process);
  const { signal } = process.stop;
  await using lease = await stream.leases.hold('watcher', process.name, signal);
  const options = {
    run: process.name,
    pageSize: 5,
    surveyEachMs: 15 * 60_000,
    backoff: { firstMs: 250, mostMs: 30_000 },
  };
  const parts = {
    cluster: (mutation.watcherCluster ?? same)(clusterFor(process)),
    clusterId,
    stream,
    key,
    clock: process.clock,
    log,
    options,
    limits: { inFlight: 64, held: 500 },
    seed: process.random.between(0, 2 ** 31),
  };
  await Promise.race([watchCluster(parts, signal), lease.lost]);
}

export async function runReconciler(
  { streamFor, onView, memoryFor, mutation, keepsSnapshots }: Surroundings,
  process: SimulatedProcess,
): Promise<void> {
  const mutated = (mutation.decider ?? same)(core);
  const decider: Decider<View> = {
    ...mutated,
    emptyView(shard, lineage, hasGap) {
      const view = mutated.emptyView(shard, lineage, hasGap);
      onView(process, view);
      return view;
    },
    fromSnapshot(value) {
      const view = mutated.fromSnapshot(value);
      if (view !== undefined) onView(process, view);
      return view;
    },
  };
  await reconcile(
    {
      stream: (mutation.reconcilerStream ?? same)(streamFor(process)),
      log,
      clock: process.clock,
      decider,
      settings: {
        limits: (mutation.limits ?? same)(limits),
        policy,
        codeVersion: 'simulated',
        ...(keepsSnapshots && { snapshots: { records: 300, eachMs: 20_000 } }),
      },
      holder: process.name,
      memory: memoryFor(process),
      timers: {
        after: (ms, run) => process.after(ms, run),
        soon: (run) => void process.after(0, run),
      },
    },
    process.stop.signal,
  );
}

export async function runExecutor(
  { clusterFor, streamFor, readBook, mutation }: Surroundings,
  process: SimulatedProcess,
): Promise<void> {
  const stream = (mutation.executorStream ?? same)(streamFor(process));
  const { clock } = process;
  const { signal } = process.stop;
  await using lease = await stream.leases.hold('executor', process.name, signal);
  const cluster = (mutation.executorCluster ?? same)(clusterFor(process));
  const read = (mutation.bookPosition ?? same)(readBook(process), stream);
  const run = execute(
    {
      stream,
      hands: createHands({ cluster, key, policy, clock }),
      gate: new BookGate({ stream, read, clock, log }),
      lanes: { creates: new Lane(24), others: new Lane(24), notices: new Lane(2) },
      clock,
      log,
      random: () => process.random.next(),
    },
    signal,
  );
  await Promise.race([run, lease.lost]);
}

function same<T>(value: T): T {
  return value;
}
