import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { kubectlOn, kubectlProgram } from '#test/support/kubectl.ts';
import type { Kubectl } from '#test/support/kubectl.ts';
import { until } from '#test/support/until.ts';
import { at, listAt, textAt } from '../../services/sandbox/behaviour/read.ts';

/**
 * A pool that kubectl autoscales in the sandbox's own process. Rollcall is not there: the test makes the
 * machines and tells the status. The steps build on each other.
 */

const labels = { 'kubevirt.io/vmpool': 'vm-pool-cirros' };
const audited: unknown[] = [];

let folder: string;
let kubectl: Kubectl;
let receiver: Server;
let stop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-autoscale-'));
  receiver = await anAuditReceiver();
  await writeFile(join(folder, 'token'), 'audit-token\n');
  const kubeconfig = join(folder, 'kubeconfig');
  stop = await startSandbox(kubeconfig);
  const home = join(folder, 'home');
  kubectl = kubectlOn({ program: kubectlProgram(process.env), kubeconfig, home });
  await until('the sandbox', async () => (await kubectl('get nodes -o name')).stdout !== '');
});

afterAll(async () => {
  await stop();
  receiver.closeAllConnections();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
});

async function anAuditReceiver(): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isOurs = request.headers.authorization === 'Bearer audit-token';
      const list: unknown = JSON.parse(Buffer.concat(chunks).toString());
      if (isOurs) audited.push(...listAt(list, 'items'));
      response.writeHead(isOurs ? 200 : 401).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function startSandbox(kubeconfig: string): Promise<() => Promise<void>> {
  const address = receiver.address();
  const port = isRecord(address) ? String(address['port']) : '';
  const env = {
    ...process.env,
    ROLLCALL_SANDBOX_DIR: join(folder, 'data'),
    ROLLCALL_SANDBOX_KUBECONFIG: kubeconfig,
    ROLLCALL_SANDBOX_HPA_INTERVAL_MS: '500',
    ROLLCALL_SANDBOX_HPA_DOWNSCALE_WINDOW_MS: '3000',
    ROLLCALL_SANDBOX_AUDIT_URL: `http://127.0.0.1:${port}/hooks/audit`,
    ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE: join(folder, 'token'),
    LOG_LEVEL: 'warn',
  };
  const child = execFile(process.execPath, ['services/sandbox/main.ts'], { env });
  const ended = once(child, 'exit');
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

async function ask(command: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(command, stdin);
  if (code !== 0) throw new Error(`kubectl ${command}: ${stderr}`);
  return stdout;
}

async function read(command: string): Promise<unknown> {
  return JSON.parse(await ask(`${command} -o json`));
}

async function poolSize(): Promise<unknown> {
  return at(await read('get vmpool vm-pool-cirros'), 'spec', 'replicas');
}

/** What Rollcall would do: the machines that are wanted, and the status that says so. */
async function reconcile(): Promise<void> {
  const pool = await read('get vmpool vm-pool-cirros');
  const wanted = Number(at(pool, 'spec', 'replicas'));
  const present = listAt(await read('get vm'), 'items').length;
  const missing = Array.from({ length: Math.max(0, wanted - present) }, (_, index) =>
    aMachine(present + index, textAt(pool, 'metadata', 'uid') ?? ''),
  );
  const documents = missing.map((machine) => JSON.stringify(machine)).join('\n');
  if (missing.length > 0) await ask('create -f -', documents);
  const surplus = Array.from({ length: Math.max(0, present - wanted) }, (_, index) =>
    memberName(wanted + index),
  );
  if (surplus.length > 0) await ask(`delete vm --wait=false ${surplus.join(' ')}`);
  const labelSelector = 'kubevirt.io/vmpool=vm-pool-cirros';
  const status = { status: { replicas: wanted, readyReplicas: wanted, labelSelector } };
  const patch = JSON.stringify(status);
  await ask(`patch vmpool vm-pool-cirros --subresource=status --type=merge -p ${patch}`);
}

function memberName(ordinal: number): string {
  return `vm-pool-cirros-${ordinal}`;
}

const template = {
  metadata: { labels },
  spec: { domain: { devices: {}, resources: { requests: { memory: '128Mi' } } } },
};

function aMachine(ordinal: number, uid: string): unknown {
  const owner = { ...pool, name: 'vm-pool-cirros', uid, controller: true };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: memberName(ordinal), labels, ownerReferences: [owner] },
    spec: { runStrategy: 'Always', template },
  };
}

const pool = { apiVersion: 'pool.kubevirt.io/v1beta1', kind: 'VirtualMachinePool' };

test('a pool’s machines have pods that kubectl top tells about', async () => {
  const spec = {
    replicas: 3,
    selector: { matchLabels: labels },
    virtualMachineTemplate: { metadata: { labels }, spec: { runStrategy: 'Always', template } },
  };
  const body = { ...pool, metadata: { name: 'vm-pool-cirros' }, spec };
  await ask('create -f -', JSON.stringify(body));
  await reconcile();
  await until('three pods', async () => {
    const pods = await read('get pods -l kubevirt.io=virt-launcher');
    const running = listAt(pods, 'items').filter((pod) => at(pod, 'status', 'phase') === 'Running');
    return running.length === 3;
  });
  const nodes = listAt(await read('get nodes'), 'items');
  expect(nodes.map((node) => textAt(node, 'metadata', 'name'))).toContain('sandbox-node-1');
  const top = await ask('top pods --no-headers');
  expect(top.trim().split('\n')).toHaveLength(3);
  expect(top).toMatch(/^virt-launcher-vm-pool-cirros-0-\w{5} +5m +\d+Mi/);
  expect(await ask('top nodes --no-headers')).toMatch(/^sandbox-node-1 +\d+m +\d+% +\d+Mi +\d+%/);
});

test('kubectl autoscale grows it to its maximum when its load is set', async () => {
  await ask('autoscale vmpool vm-pool-cirros --min=3 --max=10 --cpu-percent=50');
  await until('a measured autoscaler', async () =>
    (await ask('describe hpa vm-pool-cirros')).includes('5% (5m) / 50%'),
  );
  expect(await poolSize()).toBe(3);
  await ask('annotate vmpool vm-pool-cirros sandbox.rollcall.dev/cpu=800m');
  await until('the maximum', async () => {
    await reconcile();
    return (await poolSize()) === 10;
  });
  const events = await ask('get events --no-headers --field-selector reason=SuccessfulRescale');
  expect(events).toContain('New size: 6; reason: cpu resource utilization (percentage of request)');
  const described = await ask('describe hpa vm-pool-cirros');
  expect(described).toMatch(/ScalingActive +True +ValidMetricFound/);
});

test('and shrinks it again when the load is gone', async () => {
  await ask('annotate vmpool vm-pool-cirros sandbox.rollcall.dev/cpu-');
  await until('the minimum', async () => {
    await reconcile();
    return (await poolSize()) === 3;
  });
});

test('the audit log tells who did all this', async () => {
  const scaled = (): readonly unknown[] =>
    audited.filter(
      (event) =>
        textAt(event, 'objectRef', 'subresource') === 'scale' && textAt(event, 'verb') === 'update',
    );
  await until('the last change', () =>
    scaled().some((event) => at(event, 'responseObject', 'spec', 'replicas') === 3),
  );
  for (const event of scaled()) {
    expect(event).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      stage: 'ResponseComplete',
      user: { username: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' },
      responseObject: { metadata: { resourceVersion: expect.any(String) } },
    });
  }
  const made = audited.find(
    (event) => textAt(event, 'objectRef', 'resource') === 'horizontalpodautoscalers',
  );
  expect(made).toMatchObject({
    verb: 'create',
    user: { username: 'admin' },
    userAgent: expect.stringMatching(/^kubectl/),
    requestObject: { spec: { maxReplicas: 10 } },
  });
});
