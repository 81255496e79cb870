import { randomBytes } from 'node:crypto';
import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import { openConnection } from '#shared/cluster/connection.ts';
import type { Connection } from '#shared/cluster/connection.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { modeAnnotation } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';
import { haltedPool } from './halted-pool.ts';

/** A real cluster, as the command line names it. */
export type Target = {
  readonly kubeconfig: string;
  readonly context?: string | undefined;
  readonly kubevirtControllers: string;
};

/** Rollcall at work on a cluster, and the place in it that is the bench's own. */
export type Stage = AsyncDisposable & {
  readonly rollcall: Rollcall;
  readonly cluster: Cluster;
  readonly namespace: string;
  /** An empty pool that Rollcall manages. */
  makePool(name: string): Promise<void>;
  /** How many members of a pool were ever made; of a real cluster only those that stand. */
  countMembers(pool: string): Promise<number>;
  /** How many events tell of a pool. */
  countEvents(pool: string): Promise<number>;
  /** Undefined where nobody counts the writes. */
  countPoolWrites(pool: string): Promise<number | undefined>;
};

const userAgent = 'rollcall-bench';

/** Plain calls, as the executor makes them. */
export function openPlainConnection(
  source: Pick<Target, 'kubeconfig' | 'context'>,
): Promise<Connection> {
  const { kubeconfig, context } = source;
  return openConnection({
    kubeconfig,
    ...(context !== undefined && { context }),
    userAgent,
    timeoutMs: 30_000,
    listTimeoutMs: 60_000,
    idleMs: 150_000,
    mostBytes: 256 * 1024 * 1024,
  });
}

export async function openSandboxStage(): Promise<Stage> {
  const rollcall = await startRollcall();
  const cluster = await openCluster({ kubeconfig: rollcall.kubeconfig, userAgent });
  const connection = await openPlainConnection({ kubeconfig: rollcall.kubeconfig });
  const namespace = 'default';
  return {
    rollcall,
    cluster,
    namespace,
    makePool: (name) => created(cluster, haltedPool(name, 0)),
    countMembers: async (pool) =>
      (await rollcall.creations('VirtualMachine')).filter((name) => name.startsWith(`${pool}-`))
        .length,
    countEvents: (pool) => countEvents(connection, { namespace, pool }),
    countPoolWrites: (pool) => rollcall.writes('VirtualMachinePool', pool),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await rollcall[Symbol.asyncDispose]();
    },
  };
}

/**
 * Rollcall on a cluster that is not ours: it only observes, but for the pools of the bench, in a namespace
 * of the bench's own, which goes in the end.
 */
export async function openRealStage(target: Target, namespace: string): Promise<Stage> {
  const { kubeconfig, context, kubevirtControllers } = target;
  const source = { kubeconfig, ...(context !== undefined && { context }) };
  const cluster = await openCluster({ ...source, userAgent });
  const served = await cluster.discover();
  const apiVersion = served.ok ? served.value.get('VirtualMachinePool') : undefined;
  if (apiVersion === undefined) throw new Error('the cluster serves no VirtualMachinePool');
  const args = ['--kubeconfig', kubeconfig, '--kubevirt-controllers', kubevirtControllers];
  const rollcall = await startRollcall({
    args: context === undefined ? args : [...args, '--context', context],
  });
  const connection = await openPlainConnection(source);
  const place = {
    namespace,
    apiVersion,
    annotations: { [modeAnnotation]: 'manage' },
    // KubeVirt's own controllers leave a paused pool alone, and then it is ours.
    paused: kubevirtControllers === 'running',
  };
  const names = machineList(connection, namespace);
  return {
    rollcall,
    cluster,
    namespace,
    makePool: (name) => created(cluster, haltedPool(name, 0, place)),
    countMembers: async (pool) =>
      (await names()).filter((name) => name.startsWith(`${pool}-`)).length,
    countEvents: (pool) => countEvents(connection, { namespace, pool }),
    countPoolWrites: async () => undefined,
    async [Symbol.asyncDispose]() {
      await removePools(connection, { namespace, apiVersion, names });
      await connection[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await rollcall[Symbol.asyncDispose]();
    },
  };
}

/** A namespace of the bench's own in a real cluster. */
export async function openNamespace(connection: Connection) {
  const name = `rollcall-bench-${randomBytes(3).toString('hex')}`;
  const path = '/api/v1/namespaces';
  const doing = `creating the namespace ${name}`;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const contentType = 'application/json';
  const made = await connection.call({ method: 'POST', path, contentType, body, doing });
  if (!made.ok)
    throw new Error(`the cluster refuses the namespace ${name}: ${made.failure.reason}`);
  return {
    name,
    async [Symbol.asyncDispose]() {
      const gone = await connection.call({ method: 'DELETE', path: `${path}/${name}`, doing });
      if (!gone.ok) console.log(`the namespace ${name} is left behind (${gone.failure.reason})`);
    },
  };
}

/** While Rollcall still runs, because a member is let go by whoever keeps its pool. */
async function removePools(
  connection: Connection,
  place: {
    readonly namespace: string;
    readonly apiVersion: string;
    readonly names: () => Promise<readonly string[]>;
  },
): Promise<void> {
  const { namespace, apiVersion, names } = place;
  const pools = `/apis/${apiVersion}/namespaces/${namespace}/virtualmachinepools`;
  const doing = 'deleting the pools of the bench';
  await connection.call({ method: 'DELETE', path: pools, doing, list: true });
  await until('the machines of the bench to go', async () => (await names()).length === 0, {
    timeoutMs: 180_000,
    everyMs: 500,
  }).catch(() => console.log(`machines are left behind in the namespace ${namespace}`));
}

function machineList(connection: Connection, namespace: string) {
  return async (): Promise<readonly string[]> => {
    const answer = await connection.call({
      method: 'GET',
      path: `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`,
      doing: 'listing the machines of the bench',
      list: true,
    });
    if (!answer.ok) throw new Error(`machines cannot be listed: ${answer.failure.reason}`);
    return itemsOf(answer.value).map((item) =>
      isRecord(item) && isRecord(item['metadata']) ? String(item['metadata']['name']) : '',
    );
  };
}

async function countEvents(
  connection: Connection,
  { namespace, pool }: { readonly namespace: string; readonly pool: string },
): Promise<number> {
  const selector = encodeURIComponent(`involvedObject.name=${pool}`);
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`;
  const doing = 'listing events';
  const answer = await connection.call({ method: 'GET', path, doing, list: true });
  return answer.ok ? itemsOf(answer.value).length : 0;
}

function itemsOf(list: unknown): readonly unknown[] {
  const items = isRecord(list) ? list['items'] : undefined;
  return Array.isArray(items) ? items : [];
}

async function created(cluster: Cluster, object: RawObject): Promise<void> {
  const answer = await cluster.create(object);
  if (!answer.ok) throw new Error(`the cluster refuses the pool: ${answer.failure.reason}`);
}
