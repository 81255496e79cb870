import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlainSandbox } from '../support/plain-sandbox.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** People take a pool's finalizer off while Rollcall is away, and its machines hang on theirs. */

const stack = new AsyncDisposableStack();
let rollcall: Rollcall;

beforeAll(async () => {
  const { kubeconfig } = stack.use(await startPlainSandbox());
  const cluster = { kubeconfig, kubevirtControllers: 'off' } as const;
  rollcall = stack.use(await startRollcall({ cluster, args: ['--mode', 'manage'] }));
}, 280_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

const pool = 'left';
const manifest = JSON.stringify(aPool());
const member = (ordinal: number): string => `${pool}-${ordinal}`;

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

async function make(): Promise<void> {
  await rollcall.kubectl(['create', '-f', '-'], { input: manifest });
}

/** Machines as `name deleted-at`. */
async function machines(): Promise<readonly string[]> {
  const path = '{range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{"\\n"}{end}';
  return (await kubectl('get', 'vm', '-o', `jsonpath=${path}`)).split('\n').filter(Boolean);
}

test('once Rollcall is back, they are let go, and the pool can be made again', async () => {
  await make();
  await until('three members', async () => (await machines()).length === 3);
  await rollcall.stop();

  const bare = ['--type', 'merge', '-p'];
  await kubectl('patch', 'vm', member(2), ...bare, '{"metadata":{"ownerReferences":null}}');
  await kubectl('patch', 'vmpool', pool, ...bare, '{"metadata":{"finalizers":null}}');
  await kubectl('delete', 'vmpool', pool);
  await kubectl('delete', 'vm', member(2), '--wait=false');
  await until('all to be going', async () =>
    (await machines()).every((machine) => /\dZ$/.test(machine)),
  );
  expect(await machines()).toHaveLength(3);

  await rollcall.restart();
  await until('all to be gone', async () => (await machines()).length === 0);
  await until('the book to tell of three disks', async () => {
    const { stdout } = await rollcall.rollcall(['deleted-volumes', '-o', 'json']);
    const rows: readonly { readonly cause: string }[] = JSON.parse(stdout);
    const causes = rows.map(({ cause }) => cause);
    const told = causes.filter((cause) => cause === 'set gone, member deleted outside Rollcall');
    return told.length === 3;
  });

  await make();
  await until('three members again', async () => (await machines()).length === 3);
}, 200_000);

function aPool(): object {
  const labels = { app: pool };
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumes = [{ name: 'root', dataVolume: { name: 'root' } }];
  const disks = [{ name: 'root', disk: { bus: 'virtio' } }];
  const vmi = { domain: { devices: { disks } }, volumes };
  const spec = {
    runStrategy: 'Always',
    dataVolumeTemplates: [{ metadata: { name: 'root' }, spec: { source: { blank: {} }, storage } }],
    template: { metadata: { labels }, spec: vmi },
  };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name: pool, namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec },
    },
  };
}
