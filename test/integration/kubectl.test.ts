import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { kubectlOn, packagedKubectl } from '#test/support/kubectl.ts';
import type { Kubectl } from '#test/support/kubectl.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';

/**
 * kubectl as released, the oldest and the newest that matter, against the sandbox's HTTP server; the
 * steps build on each other.
 */

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

function deployment(image: string, variables: readonly string[]): string {
  const env = variables.map((name) => `{name: ${name}, value: "1"}`).join(', ');
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: ${image}
        env: [${env.replaceAll('name: y,', 'name: "y",')}]
`;
}

function child(name: string, owner: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      ownerReferences: [
        {
          apiVersion: 'pool.kubevirt.io/v1beta1',
          kind: 'VirtualMachinePool',
          name: 'vm-pool-cirros',
          uid: owner,
          blockOwnerDeletion: true,
        },
      ],
    },
  });
}

describe.each(['1.32', '1.36'])('kubectl %s', (release) => {
  let sandbox: TestSandbox;
  let kubectl: Kubectl;

  beforeAll(async () => {
    sandbox = await openTestSandbox({ controllers: true, authorization: 'RBAC' });
    const { kubeconfig, folder } = sandbox;
    kubectl = kubectlOn({
      program: packagedKubectl(release, process.env),
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
    expect(await run('get namespace team-a')).toMatch(
      /^NAME +STATUS +AGE\nteam-a +Active +\d+s\n$/,
    );
    expect(await run('create configmap c -n team-a --from-literal=a=b')).toContain('created');
    expect(await run('create secret generic s -n team-a --from-literal=a=b')).toContain('created');
    expect(await run('get configmap c -n team-a -o jsonpath={.data.a}')).toBe('b');
    expect(await run('get secret s -n team-a')).toMatch(/s +Opaque +1 +\d+s/);
    expect(await run('describe namespace team-a')).toContain('Status:       Active');
  });

  test('delete waits until the pool is gone', async () => {
    expect(await run('delete vmpool vm-pool-cirros')).toMatch(
      /^virtualmachinepool.pool.kubevirt.io "vm-pool-cirros" deleted( from default namespace)?\n$/,
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

  test('explain tells fields of custom and of built-in kinds', async () => {
    expect(await run('explain vmpool.spec.replicas')).toMatch(/FIELD: replicas <integer>/);
    expect(await run('explain pod.spec.containers.env')).toMatch(/name\s+<string> -required-/);
    expect(await run('explain vmpool.metadata.labels')).toMatch(
      /FIELD: labels <map\[string\]string>/,
    );
  });

  test('edit changes what the editor changes', async () => {
    await run('apply -f -', cirros(3));
    const { kubeconfig, folder } = sandbox;
    const editor = join(folder, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i "s/replicas: 3/replicas: 4/" "$1"\n', {
      mode: 0o755,
    });
    const program = packagedKubectl(release, process.env);
    const access = { program, kubeconfig, home: join(folder, 'home') };
    const editing = kubectlOn(access, { KUBE_EDITOR: editor });
    expect(await editing('edit vmpool vm-pool-cirros')).toMatchObject({
      stdout: `${pool} edited\n`,
    });
    const path = '-o jsonpath={.spec.replicas}';
    expect(await run(`get vmpool vm-pool-cirros ${path}`)).toBe('4');
  });

  test('apply of a built-in kind merges lists by their keys, three ways', async () => {
    expect(await run('apply -f -', deployment('a:1', ['x', 'y']))).toBe(
      'deployment.apps/web created\n',
    );
    const added = '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s"}]}}}}';
    await run(`patch deployment web -p ${added}`);
    const diff = await kubectl('diff -f -', deployment('a:2', ['x']));
    expect(diff.stdout).toMatch(/-\s+image: a:1\n\+\s+image: a:2/);
    expect(diff.code).toBe(1);
    await run('apply -f -', deployment('a:2', ['x']));
    const path = (of: string) =>
      `get deployment web -o jsonpath={.spec.template.spec.containers${of}}`;
    expect(await run(path('[*].image'))).toBe('a:2 s');
    expect(await run(path('[0].env[*].name'))).toBe('x');
  });

  test('server-side apply owns, refuses to take, takes by force, and removes what is dropped', async () => {
    const applied = (more: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: shared}
data: {${more}}
`;
    const command = 'apply --server-side -f - --field-manager';
    await run(`${command} one`, applied('a: "1", b: "1"'));
    const { code, stderr } = await kubectl(`${command} two`, applied('a: "2"'));
    expect(code).toBe(1);
    expect(stderr).toContain('Apply failed with 1 conflict: conflict with "one": .data.a');
    await run(`${command} two --force-conflicts`, applied('a: "2"'));
    await run(`${command} one`, applied('c: "1"'));
    expect(await run('get configmap shared -o jsonpath={.data}')).toBe('{"a":"2","c":"1"}');
    expect(
      await run(`${command} one --dry-run=server -o jsonpath={.data}`, applied('d: "1"')),
    ).toBe('{"a":"2","d":"1"}');
    expect(await run('get configmap shared -o jsonpath={.data}')).toBe('{"a":"2","c":"1"}');
  });

  test('dry runs on the server change nothing', async () => {
    const version = '-o jsonpath={.metadata.resourceVersion}';
    const before = await run(`get vmpool vm-pool-cirros ${version}`);
    await run('scale vmpool vm-pool-cirros --replicas=9 --dry-run=server');
    await run('label vmpool vm-pool-cirros dry=run --dry-run=server');
    await run('delete vmpool vm-pool-cirros --dry-run=server');
    expect(await run(`get vmpool vm-pool-cirros ${version}`)).toBe(before);
  });

  test('patch speaks its three languages', async () => {
    await run('patch vmpool vm-pool-cirros --type=merge -p {"spec":{"replicas":2}}');
    const operations =
      '[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":1}]';
    await run(`patch vmpool vm-pool-cirros --type=json -p ${operations}`);
    const path = '-o jsonpath={.spec.replicas}';
    expect(await run(`get vmpool vm-pool-cirros ${path}`)).toBe('1');
    const labels = '{"metadata":{"labels":{"by":"patch"}}}';
    await run(`patch namespace default --type=strategic -p ${labels}`);
    expect(await run('get namespace -l by=patch -o name')).toBe('namespace/default\n');
  });

  test('get -w prints changes as they come, and wait waits for them', async () => {
    const watching = kubectl(
      'get vmpool vm-pool-cirros -w --output-watch-events --request-timeout=3s',
    );
    await run('wait vmpool vm-pool-cirros --for=jsonpath={.spec.replicas}=1 --timeout=20s');
    await run('wait vmpool vm-pool-cirros --for=create --timeout=20s');
    expect((await watching).stdout).toMatch(/ADDED +vm-pool-cirros/);
  });

  test('autoscale makes an autoscaler, in either of its versions', async () => {
    const share = release === '1.32' ? '--cpu-percent=50' : '--cpu=50%';
    expect(await run(`autoscale vmpool vm-pool-cirros --min=1 --max=5 ${share}`)).toContain(
      'autoscaled',
    );
    expect(await run('get hpa vm-pool-cirros')).toMatch(
      /vm-pool-cirros +VirtualMachinePool\/vm-pool-cirros +cpu: \S+\/50% +1 +5/,
    );
    expect(await run('describe hpa vm-pool-cirros')).toContain('Max replicas:');
    const raw = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/vm-pool-cirros';
    expect(await run(`get --raw ${raw}`)).toContain('"targetCPUUtilizationPercentage":50');
    await run('delete hpa vm-pool-cirros');
  });

  test('auth tells who one is and what one may do', async () => {
    expect(await run('auth whoami')).toMatch(/Username +admin/);
    expect(await run('auth can-i delete vmpools')).toBe('yes\n');
    const refused = await kubectl('get vmpools --as jane');
    expect(refused.stderr).toContain(
      'User "jane" cannot list resource "virtualmachinepools" in API group "pool.kubevirt.io" in the namespace "default"',
    );
    await run('create role look --verb=get,list,watch --resource=vmpools');
    await run('create rolebinding look --role=look --user=jane --serviceaccount=default:robot');
    expect(await run('get vmpools --as jane -o name')).toBe(`${pool}\n`);
    expect((await kubectl('auth can-i delete vmpools --as jane')).stdout).toBe('no\n');
    expect(await run('auth can-i --list --as jane')).toMatch(
      /virtualmachinepools\S+ .*\[get list watch\]/,
    );
  });

  test('a service account is known by its token', async () => {
    await run('create serviceaccount robot');
    const token = (await run('create token robot')).trim();
    const me = await run(`auth whoami --token ${token}`);
    expect(me).toMatch(/Username +system:serviceaccount:default:robot/);
    expect(await run(`get vmpools -o name --token ${token}`)).toBe(`${pool}\n`);
  });

  test('a client certificate names a user and its groups', async () => {
    const { folder, certify } = sandbox;
    const { certificate, key } = certify({ user: 'jane', groups: ['devs'] });
    await writeFile(join(folder, 'jane.crt'), certificate);
    await writeFile(join(folder, 'jane.key'), key);
    const paths = `--client-certificate ${folder}/jane.crt --client-key ${folder}/jane.key`;
    const me = await run(`auth whoami ${paths}`);
    expect(me).toMatch(/Username +jane\nGroups +\[devs system:authenticated\]/);
  });

  test('delete leaves children behind, or waits for them', async () => {
    const uid = await run('get vmpool vm-pool-cirros -o jsonpath={.metadata.uid}');
    await run('create -f -', child('stays', uid));
    await run('delete vmpool vm-pool-cirros --cascade=orphan');
    expect(await run('get configmap stays -o jsonpath={.metadata.ownerReferences}')).toBe('');
    await run('apply -f -', cirros(1));
    const next = await run('get vmpool vm-pool-cirros -o jsonpath={.metadata.uid}');
    await run('create -f -', child('goes', next));
    await run('delete vmpool vm-pool-cirros --cascade=foreground');
    await run('wait configmap goes --for=delete --timeout=20s');
    expect((await kubectl('get configmap goes')).stderr).toContain('(NotFound)');
  });
});
