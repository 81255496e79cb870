import type { Cluster } from '#shared/cluster/cluster.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { commandOptions, wholeNumber } from '../support/command-options.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';
import { diskPool } from './churn.ts';

/**
 * Pools of machines that are off, with a disk each, one after another: each is made whole and scaled to
 * none. Nothing may be left of it, and each disk must have been in the book before it went. The exit code
 * is 1 when that is not so, or when a pool is not empty in time.
 */
const values = commandOptions({
  pools: { type: 'string', default: '10' },
  machines: { type: 'string', default: '200' },
  'limit-seconds': { type: 'string', default: '300' },
});
const pools = wholeNumber('pools', values.pools);
const machines = wholeNumber('machines', values.machines);
const timeoutMs = wholeNumber('limit-seconds', values['limit-seconds']) * 1_000;
const pageSize = 500;
const namespace = 'default';

console.log(`starting Rollcall, then ${pools} times ${machines} → 0`);
await using rollcall = await startRollcall({ env: { ROLLCALL_SANDBOX_JOURNAL: 'whole' } });
await using cluster = await openCluster({
  kubeconfig: rollcall.kubeconfig,
  userAgent: 'rollcall-soak',
});
const names = Array.from({ length: pools }, (_, round) => `emptied-${round}`);
for (const name of names) await fillAndEmpty(name);
await checkBook();
console.log(`verdict: ${pools} times ${machines} → 0, nothing left, every disk in the book first`);

async function fillAndEmpty(name: string): Promise<void> {
  const began = performance.now();
  const made = await cluster.create(diskPool(name, machines));
  if (!made.ok) throw new Error(`${name} was not taken: ${made.failure.kind}`);
  await counted(name, machines);
  const full = performance.now();
  const ref = { kind: 'VirtualMachinePool', namespace, name };
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: 0 } } });
  await counted(name, 0);
  const empty = performance.now();
  const [up, down] = [seconds(full - began), seconds(empty - full)];
  console.log(`${name}: 0 → ${machines} in ${up} s, ${machines} → 0 in ${down} s`);
  const whole = await cluster.read(ref);
  if (!whole.ok) throw new Error(`${name} itself is gone`);
}

/** Machines, their DataVolumes and claims: that many of each. */
async function counted(name: string, size: number): Promise<void> {
  const kinds: readonly Kind[] = ['VirtualMachine', 'DataVolume', 'PersistentVolumeClaim'];
  let counts: readonly number[] = [];
  const reached = async () => {
    counts = await Promise.all(kinds.map((kind) => countOf(cluster, kind, name)));
    return counts.every((count) => count === size);
  };
  try {
    await until(`${name} to have ${size} machines`, reached, { timeoutMs, everyMs: 250 });
  } catch (cause) {
    const found = kinds.map((kind, index) => `${counts[index] ?? '?'} of ${kind}`).join(', ');
    throw new Error(`${name} has ${found} where ${size} of each should be`, { cause });
  }
}

/** Disks of pools before this one are gone by then, so all claims are of this pool. */
async function countOf(of: Cluster, kind: Kind, pool: string): Promise<number> {
  let count = 0;
  let more: string | undefined;
  do {
    const limit = pageSize;
    const page = await of.list(kind, more === undefined ? { limit } : { limit, continue: more });
    if (!page.ok) throw new Error(`${kind} cannot be listed: ${page.failure.kind}`);
    const isDisk = kind !== 'VirtualMachine';
    count += page.value.items.filter(
      ({ metadata }) => isDisk || metadata?.name?.startsWith(`${pool}-`) === true,
    ).length;
    more = page.value.continue;
  } while (more !== undefined && more !== '');
  return count;
}

type LostDisk = { readonly claimUid: string | null; readonly recordedAt: string };

/** Every disk that went must have been in the book at that moment. */
async function checkBook(): Promise<void> {
  const deletedAt = await rollcall.deletionTimes('PersistentVolumeClaim');
  for (const name of names) {
    const question = ['deleted-volumes', `vmpool/${name}`, '--limit', `${machines}`];
    const { stdout } = await rollcall.rollcall([...question, '-o', 'json']);
    const rows: readonly LostDisk[] = JSON.parse(stdout);
    const inTime = rows.filter(({ claimUid, recordedAt }) => {
      const gone = deletedAt.get(claimUid ?? '');
      return gone !== undefined && Date.parse(recordedAt) <= gone;
    });
    const unrecorded = machines - inTime.length;
    if (unrecorded > 0) throw new Error(`${unrecorded} disks of ${name} went before the book knew`);
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
