import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';
import { bookRows } from './book-rows.ts';
import { haltedPool } from './halted-pool.ts';
import { restart } from './restart.ts';
import { costRows, costsOf } from './cost-rows.ts';

/**
 * What Rollcall does in a second, on the sandbox and everything durable. No test: a busy machine gives
 * worse numbers, and the disk's fsync time stands beside them because it flatters or ruins them all.
 */
type Row = { readonly what: string; readonly value: string; readonly target?: string };

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1000' },
    patches: { type: 'string', default: '100' },
    /** Restarts of the reconciler at 10 000 and 100 000 objects instead. */
    restart: { type: 'boolean', default: false },
  },
});
const size = Number(values.size);
const patches = Number(values.patches);

if (values.restart) {
  const fsync = await fsyncTimes(tmpdir());
  print([...fsync, ...(await restart(10_000)), ...(await restart(100_000))]);
  process.exit(0);
}

console.log(`starting Rollcall, then ${patches} patches and a scale-out to ${size}`);
await using rollcall = await startRollcall();
await using cluster = await openCluster({
  kubeconfig: rollcall.kubeconfig,
  userAgent: 'rollcall-bench',
});
print([
  ...(await fsyncTimes(rollcall.home)),
  ...(await patchToCreate(cluster)),
  ...(await scaleOut(rollcall, cluster)),
]);

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map((row) => row.what.length));
  for (const { what, value, target } of rows) {
    const aim = target === undefined ? '' : `   (target ${target})`;
    console.log(`${what.padEnd(width)}  ${value.padStart(12)}${aim}`);
  }
}

async function fsyncTimes(folder: string): Promise<readonly Row[]> {
  const path = join(folder, 'fsync-probe');
  const file = await open(path, 'w');
  const times: number[] = [];
  for (let written = 0; written < 200; written += 1) {
    await file.write(Buffer.alloc(4096, written), 0, 4096, 0);
    const began = performance.now();
    await file.datasync();
    times.push(performance.now() - began);
  }
  await file.close();
  await rm(path);
  return [{ what: 'disk: fdatasync of 4 KB, p50 / p99', value: quantiles(times, 'ms') }];
}

/** From the answer to a patch of replicas to the sight of the first new member. */
async function patchToCreate(cluster: Cluster): Promise<readonly Row[]> {
  const pool = haltedPool('latency', 0);
  await created(cluster, pool);
  const ref = { kind: 'VirtualMachinePool', namespace: 'default', name: 'latency' };
  const stop = new AbortController();
  const sightings = await watchCreations(cluster, stop.signal);
  const times: number[] = [];
  for (let replicas = 1; replicas <= patches; replicas += 1) {
    const seen = sightings.next(`latency-${replicas - 1}`);
    const began = performance.now();
    await cluster.patch(ref, { type: 'merge', body: { spec: { replicas } } });
    times.push((await seen) - began);
  }
  stop.abort();
  const value = quantiles(times, 'ms');
  return [{ what: 'patch → first create seen, p50 / p99', value, target: '25 / 100 ms' }];
}

/** Resolves for each awaited name with the time at which its creation was seen. */
async function watchCreations(cluster: Cluster, signal: AbortSignal) {
  const waiting = new Map<string, (at: number) => void>();
  const page = await cluster.list('VirtualMachine', { limit: 1 });
  if (!page.ok) throw new Error('the sandbox does not list VMs');
  const from = { resourceVersion: page.value.resourceVersion, timeoutSeconds: 3_600 };
  void (async () => {
    for await (const item of cluster.watch('VirtualMachine', from, signal)) {
      if (item.type !== 'ADDED') continue;
      waiting.get(item.object.metadata?.name ?? '')?.(performance.now());
    }
  })();
  return {
    next: (name: string) => new Promise<number>((resolve) => void waiting.set(name, resolve)),
  };
}

async function scaleOut(rollcall: Rollcall, cluster: Cluster): Promise<readonly Row[]> {
  await created(cluster, haltedPool('many', 0));
  const ref = { kind: 'VirtualMachinePool', namespace: 'default', name: 'many' };
  const book = await bookRows(rollcall);
  const before = await book.count();
  const costsBefore = await costsOf(rollcall);
  const stop = new AbortController();
  const sightings = await watchCreations(cluster, stop.signal);
  const members = Array.from({ length: size }, (_, ordinal) => sightings.next(`many-${ordinal}`));
  const began = performance.now();
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: size } } });
  const seconds = (Math.max(...(await Promise.all(members))) - began) / 1_000;
  stop.abort();
  await until('the book to be still', () => book.isStill(), { timeoutMs: 60_000 });
  const made = (await rollcall.creations('VirtualMachine')).filter((name) =>
    name.startsWith('many-'),
  );
  const costs = await costRows(rollcall, costsBefore);
  const ours = await ourWrites(rollcall, made.length);
  const rows = (await book.count()) - before;
  return [
    {
      what: `creates per second, 0 → ${size}`,
      value: (size / seconds).toFixed(0),
      target: '800',
    },
    { what: 'members made, wanted', value: `${made.length}, ${size}` },
    { what: 'our writes for each member', value: (ours / size).toFixed(3), target: '1.05' },
    { what: 'book entries per second, meanwhile', value: (rows / seconds).toFixed(0) },
    { what: `for 0 → ${size}, until the book was still:`, value: '' },
    ...costs,
  ];
}

/** Members, their revision, the writes to the pool that are not the bench's own two, and the events. */
async function ourWrites(rollcall: Rollcall, members: number): Promise<number> {
  const selector = ['--field-selector', 'involvedObject.name=many'];
  const { stdout } = await rollcall.kubectl(['get', 'events', '-o', 'name', ...selector]);
  const events = stdout.split('\n').filter(Boolean).length;
  return members + 1 + (await rollcall.writes('VirtualMachinePool', 'many')) - 2 + events;
}

async function created(cluster: Cluster, object: Parameters<Cluster['create']>[0]): Promise<void> {
  const answer = await cluster.create(object);
  if (!answer.ok) throw new Error(`the sandbox refuses the pool: ${answer.failure.reason}`);
}

function quantiles(times: readonly number[], unit: string): string {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `${at(0.5)} / ${at(0.99)} ${unit}`;
}
