import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { shardOf } from '#shared/stream/shards.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import { until } from '#test/support/until.ts';
import { Belief } from '../../services/watcher/testing/fold.ts';
import { canary, vmTemplate } from '../../services/watcher/testing/samples.ts';
import { startPrivateNats } from './private-nats.ts';

const log = silentLogger();
const mainFile = fileURLToPath(new URL('../../services/watcher/main.ts', import.meta.url));

async function startSurroundings() {
  const sandbox = await openTestSandbox({ controllers: true });
  onTestFinished(() => sandbox[Symbol.asyncDispose]());
  const nats = await startPrivateNats();
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const settings: StreamSettings = {
    cluster: 'test',
    url: nats.url,
    monitorUrl: nats.monitorUrl,
    allowLazySync: false,
  };
  await provision(settings, log);
  const stream = await openNatsLog(settings, log);
  onTestFinished(() => stream[Symbol.asyncDispose]());
  const cluster = await openCluster({ kubeconfig: sandbox.kubeconfig, userAgent: 'test' });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const keyFile = join(sandbox.folder, 'digest-key');
  await writeFile(keyFile, '5a'.repeat(32));
  const env = {
    PATH: process.env['PATH'] ?? '',
    ROLLCALL_CLUSTER: 'test',
    NATS_URL: nats.url,
    NATS_MONITOR_URL: nats.monitorUrl,
    ROLLCALL_KUBECONFIG: sandbox.kubeconfig,
    ROLLCALL_DIGEST_KEY_FILE: keyFile,
  };
  return { sandbox, stream, cluster, env };
}

/** services/watcher/main.ts as a process; `lines` are its log. */
function startProcess(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [mainFile], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: unknown[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  let complaint = '';
  child.stderr.on('data', (chunk) => (complaint += String(chunk)));
  const ended = once(child, 'close').then(([code]) => Number(code));
  return {
    lines,
    ended,
    complaint: () => complaint,
    said: (message: string) => lines.some((line) => isRecord(line) && line['msg'] === message),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  };
}

const pool = {
  apiVersion: 'pool.kubevirt.io/v1beta1',
  kind: 'VirtualMachinePool',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    virtualMachineTemplate: {
      ...vmTemplate,
      spec: {
        runStrategy: 'Always',
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            domain: { devices: {} },
            volumes: [{ name: 'ci', cloudInitNoCloud: { userData: canary } }],
          },
        },
      },
    },
  },
};

function virtualMachine(name: string) {
  const { runStrategy, template } = pool.spec.virtualMachineTemplate.spec;
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { runStrategy, template },
  };
}

test('tells a cluster over TLS, goes on after a kill, and stops when asked', async () => {
  const { stream, cluster, env } = await startSurroundings();
  const first = startProcess(env);
  await until('the watcher to be ready', () => first.said('ready'));
  expect(first.lines.filter((line) => isRecord(line) && line['msg'] === 'surveyed')).toHaveLength(
    8,
  );

  const records: LogRecord[] = [];
  const belief = new Belief();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const message of stream.read({ after: 0 }, stop.signal)) {
      for (const record of message.records) {
        belief.fold(message.shard, record);
        records.push(record);
      }
    }
  })();
  const observed = (kind: string, name: string) =>
    records.some(
      (record) =>
        record.type === 'observed' &&
        record.object.kind === kind &&
        record.object.meta.name === name,
    );

  const made = await cluster.create(pool);
  expect(made).toMatchObject({ ok: true });
  const vm = await cluster.create(virtualMachine('web-0'));
  if (!vm.ok) throw new Error(JSON.stringify(vm.failure));
  await until('the pool, the VM and its VMI', () => {
    return (
      observed('VirtualMachinePool', 'web') &&
      observed('VirtualMachine', 'web-0') &&
      observed('VirtualMachineInstance', 'web-0')
    );
  });
  const told = records.find(
    (record) => record.type === 'observed' && record.object.kind === 'VirtualMachinePool',
  );
  expect(told).toMatchObject({
    object: {
      replicas: 3,
      template: { vmiLabels: { app: 'web' } },
      createdBy: { manager: 'rollcall' },
    },
  });

  first.kill('SIGKILL');
  await first.ended;
  const target = { kind: 'VirtualMachine', namespace: 'default', name: 'web-0' };
  const { uid: id = '' } = vm.value.metadata ?? {};
  const now = await cluster.read(target);
  const version = resourceVersionSchema.parse(now.ok ? now.value.metadata?.resourceVersion : '');
  const removed = await cluster.remove(target, { uid: uid(id), resourceVersion: version });
  expect(removed).toMatchObject({ ok: true });
  await until('the VM to be gone', async () => !(await cluster.read(target)).ok);
  await cluster.create(virtualMachine('web-1'));

  const second = startProcess(env);
  await until('the second watcher to be ready', () => second.said('ready'));
  await until('the new VM', () => observed('VirtualMachine', 'web-1'));
  const identity = await cluster.identity();
  const shard = shardOf(identity.ok ? identity.value : '', 'default');
  const names = belief.of('VirtualMachine', shard).map((text) => text.split('@')[0]);
  expect(names).toEqual(['web-1']);
  expect(JSON.stringify(records)).not.toContain(canary);
  expect(JSON.stringify([...first.lines, ...second.lines])).not.toContain(canary);

  second.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  stop.abort();
  await reading;
});

test('a stream of another cluster, or settings that are wanting, end it with one sentence', async () => {
  const { env, stream } = await startSurroundings();
  await stream.positions.save('cluster', { lineage: 'another-cluster', sequence: 0 });
  const refused = startProcess(env);
  expect(await refused.ended).toBe(1);
  expect(refused.complaint()).toMatch(
    /^watcher: the stream holds the facts of the cluster another-cluster.*\n$/,
  );
  const wanting = startProcess({ PATH: env.PATH });
  expect(await wanting.ended).toBe(1);
  expect(wanting.complaint()).toMatch(/NATS_URL.*ROLLCALL_KUBECONFIG.*ROLLCALL_DIGEST_KEY_FILE/);
});
