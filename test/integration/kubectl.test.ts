import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { kubectlOn, kubectlProgram } from '#test/support/kubectl.ts';
import type { Kubectl } from '#test/support/kubectl.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';

/** kubectl, unmodified, against the sandbox's HTTP server; the steps build on each other. */

function cirros(replicas: number): string {
  return `
apiVersion: pool.kubevirt.io/v1alpha1
kind: VirtualMachinePool
metadata:
  name: vm-pool-cirros
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      kubevirt.io/vmpool: vm-pool-cirros
  virtualMachineTemplate:
    metadata:
      labels:
        kubevirt.io/vmpool: vm-pool-cirros
    spec:
      runStrategy: Always
      template:
        metadata:
          labels:
            kubevirt.io/vmpool: vm-pool-cirros
        spec:
          domain:
            devices:
              disks:
              - disk:
                  bus: virtio
                name: containerdisk
            resources:
              requests:
                memory: 128Mi
          terminationGracePeriodSeconds: 0
          volumes:
          - containerDisk:
              image: kubevirt/cirros-container-disk-demo:latest
            name: containerdisk
`;
}

let sandbox: TestSandbox;
let kubectl: Kubectl;

beforeAll(async () => {
  sandbox = await openTestSandbox({ controllers: true });
  const { kubeconfig, folder } = sandbox;
  kubectl = kubectlOn({
    program: kubectlProgram(process.env),
    kubeconfig,
    home: join(folder, 'home'),
  });
}, 60_000);

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** Runs a command that must succeed and returns what it printed. */
async function run(command: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(command, stdin);
  expect(`${stderr}${code === 0 ? '' : ` (exit ${code})`}`).toBe('');
  return stdout;
}

const pool = 'virtualmachinepool.pool.kubevirt.io/vm-pool-cirros';

test('create -f makes a pool, and says so when it is there already', async () => {
  expect(await run('create -f -', cirros(3))).toBe(`${pool} created\n`);
  const again = await kubectl('create -f -', cirros(3));
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('(AlreadyExists)');
});

test('create -f refuses an unknown field on the server', async () => {
  const wrong = cirros(3).replace('replicas: 3', 'replicaz: 3').replace('cirros', 'other');
  const { code, stderr } = await kubectl('create -f -', wrong);
  expect(code).toBe(1);
  expect(stderr).toContain('unknown field "spec.replicaz"');
});

test('get shows the columns of the pool', async () => {
  const table = await run('get vmpool');
  expect(table).toMatch(/^NAME +DESIRED +CURRENT +READY +AGE\nvm-pool-cirros +3 .*\d+s\n$/);
  expect(await run('get vmpool -o wide')).toMatch(/^NAME +DESIRED/);
  expect(await run('get vmpool -A')).toMatch(/^NAMESPACE +NAME .*\ndefault +vm-pool-cirros/);
  expect(await run('get vmpool vm-pool-cirros -o yaml')).toContain('replicas: 3');
  expect(await run('get vmpool -o name')).toBe(`${pool}\n`);
});

test('scale changes the size and raises the generation', async () => {
  expect(await run('scale vmpool vm-pool-cirros --replicas 5')).toBe(`${pool} scaled\n`);
  const path = '-o jsonpath={.spec.replicas}/{.metadata.generation}';
  expect(await run(`get vmpool vm-pool-cirros ${path}`)).toBe('5/2');
  expect(await run('scale vmpool vm-pool-cirros --current-replicas 5 --replicas 4')).toContain(
    'scaled',
  );
});

test('label and annotate change metadata', async () => {
  expect(await run('label vmpool vm-pool-cirros tier=a')).toBe(`${pool} labeled\n`);
  expect(await run('annotate vmpool vm-pool-cirros note=hello')).toBe(`${pool} annotated\n`);
  expect(await run('get vmpool -l tier=a -o name')).toBe(`${pool}\n`);
  expect(await run('get vmpool -l tier!=a -o name')).toBe('');
});

test('describe shows the object, and the events about it', async () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'vm-pool-cirros.1', namespace: 'default' },
    involvedObject: {
      apiVersion: 'pool.kubevirt.io/v1beta1',
      kind: 'VirtualMachinePool',
      namespace: 'default',
      name: 'vm-pool-cirros',
      uid: (await run('get vmpool vm-pool-cirros -o jsonpath={.metadata.uid}')).trim(),
    },
    reason: 'SuccessfulCreate',
    message: 'Created VM default/vm-pool-cirros-0',
    type: 'Normal',
    source: { component: 'rollcall' },
    firstTimestamp: '2026-11-21T04:00:00Z',
    lastTimestamp: '2026-11-21T04:00:00Z',
    count: 1,
  };
  await run('create -f -', JSON.stringify(event));
  const text = await run('describe vmpool vm-pool-cirros');
  expect(text).toContain('Name:         vm-pool-cirros');
  expect(text).toMatch(/Normal +SuccessfulCreate .*Created VM default\/vm-pool-cirros-0/);
  expect(await run('get events')).toContain('virtualmachinepool/vm-pool-cirros');
});

test('apply makes, leaves alone and changes', async () => {
  await run('delete vmpool vm-pool-cirros');
  expect(await run('apply -f -', cirros(3))).toBe(`${pool} created\n`);
  expect(await run('apply -f -', cirros(3))).toBe(`${pool} unchanged\n`);
  expect(await run('apply -f -', cirros(5))).toBe(`${pool} configured\n`);
  const path = '-o jsonpath={.spec.replicas}';
  expect(await run(`get vmpool vm-pool-cirros ${path}`)).toBe('5');
});

test('create makes namespaces, config maps and secrets that kubectl sends as protobuf', async () => {
  expect(await run('create namespace team-a')).toBe('namespace/team-a created\n');
  expect(await run('get namespace team-a')).toMatch(/^NAME +STATUS +AGE\nteam-a +Active +\d+s\n$/);
  expect(await run('create configmap c -n team-a --from-literal=a=b')).toContain('created');
  expect(await run('create secret generic s -n team-a --from-literal=a=b')).toContain('created');
  expect(await run('get configmap c -n team-a -o jsonpath={.data.a}')).toBe('b');
  expect(await run('get secret s -n team-a')).toMatch(/s +Opaque +1 +\d+s/);
  expect(await run('describe namespace team-a')).toContain('Status:       Active');
});

test('delete waits until the pool is gone', async () => {
  expect(await run('delete vmpool vm-pool-cirros')).toBe(
    'virtualmachinepool.pool.kubevirt.io "vm-pool-cirros" deleted\n',
  );
  const { code, stderr } = await kubectl('get vmpool vm-pool-cirros');
  expect(code).toBe(1);
  expect(stderr).toContain('(NotFound)');
});

test('a VM that always runs comes up, with its disk, and takes both along', async () => {
  await run('apply -f -', virtualMachine);
  await run('wait vm web --for=condition=Ready --timeout=20s');
  expect(await run('get vmi web')).toMatch(/web +\d+s +Running/);
  expect(await run('get dv,pvc -o name')).toContain('persistentvolumeclaim/web-disk');
  expect(await run('get pvc web-disk')).toMatch(/web-disk +Bound +\S+ +1Gi +RWO/);
  await run('delete vm web');
  await run('wait pvc web-disk --for=delete --timeout=20s');
  expect(await run('get vmi,dv,pvc -o name')).toBe('');
});

const virtualMachine = `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  runStrategy: Always
  dataVolumeTemplates:
  - metadata:
      name: web-disk
    spec:
      source:
        blank: {}
      storage:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: 1Gi
  template:
    spec:
      domain:
        devices:
          disks:
          - name: disk
            disk: {bus: virtio}
        resources:
          requests:
            memory: 64Mi
      volumes:
      - name: disk
        dataVolume:
          name: web-disk
`;

test('an unknown token is refused', async () => {
  const { code, stderr } = await kubectl('get vmpool --token=wrong');
  expect(code).toBe(1);
  expect(stderr).toMatch(/Unauthorized|must be logged in/);
});

test('api-resources and api-versions list what the sandbox serves', async () => {
  const resources = await run('api-resources');
  expect(resources).toMatch(
    /virtualmachinepools +vmpool,vmpools +pool\.kubevirt\.io\/v1beta1 +true/,
  );
  expect(await run('api-versions')).toContain('pool.kubevirt.io/v1alpha1\n');
});
