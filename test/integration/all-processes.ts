import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { provision } from '#shared/stream/provision.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { freePort } from '#test/support/free-port.ts';
import { readScrape } from '#test/support/scrape.ts';
import type { Scrape } from '#test/support/scrape.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import { until } from '#test/support/until.ts';
import { createBook } from './book-database.ts';
import { startPrivateNats } from './private-nats.ts';

export const serviceNames = ['recorder', 'reconciler', 'executor', 'watcher', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** All services as processes of their own, on a broker, a database and a sandbox of a test's own. */
export type Services = AsyncDisposable & {
  readonly cluster: Cluster;
  readonly broker: StreamSettings;
  scrape(name: ServiceName): Promise<Scrape>;
  /** Scrapes the port that the gateway has for people. */
  scrapeGateway(): Promise<Scrape>;
  /** The lines of one service's log. */
  lines(name: ServiceName): readonly Readonly<Record<string, unknown>>[];
  stop(): Promise<void>;
};

/** Starts them in the mode `manage`; `env` is given to each of them. */
export async function startServices(env: Readonly<Record<string, string>> = {}): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await openTestSandbox({ controllers: true }));
  const nats = stack.use(await startPrivateNats());
  const book = stack.use(await createBook());
  const monitor = { url: nats.url, monitorUrl: nats.monitorUrl };
  const broker = { ...monitor, cluster: 'test', allowLazySync: false };
  await provision(broker, silentLogger());
  const userAgent = 'test';
  const cluster = stack.use(await openCluster({ kubeconfig: sandbox.kubeconfig, userAgent }));
  const keyFile = join(sandbox.folder, 'digest-key');
  await writeFile(keyFile, '5a'.repeat(32));
  const gatewayPort = await freePort();
  const shared = {
    ...env,
    PATH: process.env['PATH'] ?? '',
    ROLLCALL_CLUSTER: 'test',
    NATS_URL: nats.url,
    NATS_MONITOR_URL: nats.monitorUrl,
    ROLLCALL_KUBECONFIG: sandbox.kubeconfig,
    ROLLCALL_DIGEST_KEY_FILE: keyFile,
    ROLLCALL_MODE: 'manage',
    ROLLCALL_KUBEVIRT_CONTROLLERS: 'off',
    ROLLCALL_GATEWAY_LISTEN: `127.0.0.1:${gatewayPort}`,
  };
  const running = new Map<ServiceName, Running>();
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((service) => service.stop()));
  };
  stack.defer(stop);
  for (const name of serviceNames) {
    const database = isRole(name) ? { DATABASE_URL: book.urlFor(name) } : {};
    running.set(name, await startService(name, { ...shared, ...database }));
  }
  const service = (name: ServiceName): Running => {
    const found = running.get(name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  };
  await until('all services to be ready', () =>
    serviceNames.every((name) => service(name).isReady()),
  );
  const all = stack.move();
  return {
    cluster,
    broker,
    scrape: (name) => scrape(service(name).port),
    scrapeGateway: () => scrape(gatewayPort),
    lines: (name) => service(name).lines,
    stop,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function isRole(name: ServiceName): name is 'recorder' | 'executor' | 'gateway' {
  return name === 'recorder' || name === 'executor' || name === 'gateway';
}

async function scrape(port: number): Promise<Scrape> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`);
  return readScrape(await answer.text());
}

type Running = {
  readonly port: number;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  isReady(): boolean;
  stop(): Promise<void>;
};

async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<Running> {
  const port = await freePort();
  const main = fileURLToPath(new URL(`../../services/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...env, ROLLCALL_HEALTH_PORT: `${port}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Readonly<Record<string, unknown>>[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const parsed: unknown = JSON.parse(line);
    if (isRecord(parsed)) lines.push(parsed);
  });
  return {
    port,
    lines,
    isReady: () => lines.some(({ msg }) => msg === 'ready'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A pool of small machines. */
export function aPoolOf(name: string, replicas: number, annotations: Record<string, string> = {}) {
  const labels = { app: name };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, namespace: 'default', annotations },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy: 'Always',
          template: { metadata: { labels }, spec: { domain: { devices: {} } } },
        },
      },
    },
  };
}
