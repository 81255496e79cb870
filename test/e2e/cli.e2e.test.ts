import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** Each command of the command line, typed on a fleet that runs. The tests build on each other. */

const repo = fileURLToPath(new URL('../..', import.meta.url));
let rollcall: Rollcall;

beforeAll(async () => {
  // What a build server sets; output through a pipe stays plain all the same.
  rollcall = await startRollcall({ env: { CI: 'true', FORCE_COLOR: '1' } });
  await kubectl('create', '-f', 'deploy/examples/vm-pool-cirros.yaml');
  await kubectl('create', '-f', 'deploy/examples/namespaces.yaml');
  await kubectl('create', '-f', 'deploy/examples/postgres-cluster.yaml');
  await until('three of each', async () => (await ready()) === '3 3');
}, 280_000);

afterAll(async () => {
  await rollcall?.[Symbol.asyncDispose]();
}, 60_000);

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

async function cli(...args: readonly string[]): Promise<string> {
  return (await rollcall.rollcall(args)).stdout;
}

/** Ready members of the two pools. */
async function ready(): Promise<string> {
  const jsonPath = 'jsonpath={.items[*].status.readyReplicas}';
  return kubectl('get', 'vmpool', '-A', '-o', jsonPath);
}

async function vmsOf(pool: string, namespace: string): Promise<readonly string[]> {
  const names = (await kubectl('get', 'vm', '-n', namespace, '-o', 'name')).split('\n');
  return names.filter((name) => name.includes(pool));
}

test('status names who is active, how full the log is and how far the book', async () => {
  await until('the book to be caught up', async () => (await cli('status')).includes('caught up'));
  const status = await cli('status');
  for (const lease of ['watcher', 'reconciler', 'executor']) {
    expect(status).toMatch(new RegExp(`lease ${lease} +held +\\S+, renewed \\ds ago`));
  }
  expect(status).toContain("default mode manage, KubeVirt's controllers off");
  expect(status).toMatch(/gateway at the book +connected/);
  expect(status).toMatch(/log +reached +records 1 to \d+, \d+ MB/);
  expect(JSON.parse(await cli('status', '-o', 'json'))).toMatchObject({
    log: { reached: true, durable: true, leases: { watcher: { holder: expect.any(String) } } },
  });
});

test('sets tells sizes and modes as the cluster has them', async () => {
  const sets = await cli('sets', '-A');
  expect(sets).toMatch(/default +vmpool\/vm-pool-cirros +3 +3 +3 +3 +manage \(default\)/);
  expect(sets).toMatch(/databases +vmpool\/postgres-cluster +3 +3 +3 +3/);
  expect(await cli('sets', 'vmpool/vm-pool-cirros', '-o', 'yaml')).toContain('ready: 3\n');
  const missing = await rollcall.rollcall(['sets', 'vmpool/nobody'], { mayFail: true });
  expect(missing).toMatchObject({
    code: 3,
    stderr: 'rollcall: there is no vmpool/nobody in namespace default\n',
  });
});

test('a part of an answer is not taken for the whole', async () => {
  const part = await rollcall.rollcall(['history', '-A', '--limit', '1', '-o', 'json']);
  expect(JSON.parse(part.stdout)).toHaveLength(1);
  expect(part.stderr).toBe('rollcall: there are more; a higher --limit shows them\n');
  const whole = await rollcall.rollcall(['history', '-A', '--limit', '2', '-o', 'json']);
  expect(JSON.parse(whole.stdout)).toHaveLength(2);
  expect(whole.stderr).toBe('');
  const sets = await rollcall.rollcall(['sets', '-A', '--limit', '1']);
  expect(sets.stderr).toContain('there are more');
});

test('watch tells what comes, and Ctrl-C ends it cleanly', async () => {
  const main = join(repo, 'services/cli/main.ts');
  const env = { ...process.env, ROLLCALL_HOME: rollcall.home };
  const child = spawn(process.execPath, [main, 'watch'], { cwd: repo, env });
  let said = '';
  child.stdout.on('data', (part: Buffer) => (said += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  await until('it to begin', async () => {
    await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '4');
    await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '3');
    return said.includes('size 3 → 4') || said.includes('size 4 → 3');
  });
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(said).toMatch(
    /default vmpool\/vm-pool-cirros {2}size \d → \d by admin|size \d → \d by kubectl/,
  );
});

test('explain tells why, with who was weighed', async () => {
  await until('three again', async () => (await vmsOf('vm-pool-cirros', 'default')).length === 3);
  await until('the decision in the book', async () =>
    (await cli('explain', 'vmpool/vm-pool-cirros')).includes('delete-member'),
  );
  const explained = await cli('explain', 'vmpool/vm-pool-cirros');
  expect(explained).toMatch(/^default vmpool\/vm-pool-cirros wants 3, has 3 members/);
  expect(explained).toMatch(
    /weighed desired 3, active 4, .*surplus 1\n {2}chosen: vm-pool-cirros-3\n/,
  );
});

test('leftovers finds what scale-in kept, and who would take it up', async () => {
  await kubectl(
    ...['annotate', 'vmpool', 'postgres-cluster', '-n', 'databases'],
    'rollcall.dev/scale-in-disks=keep',
  );
  await kubectl('scale', 'vmpool', 'postgres-cluster', '-n', 'databases', '--replicas', '2');
  await until('two', async () => (await vmsOf('postgres-cluster', 'databases')).length === 2);
  const left = await cli('leftovers', '-n', 'databases');
  expect(left).toMatch(
    /os-disk-2 .* ceph-rbd +vmpool\/postgres-cluster +postgres-cluster-2 of vmpool\/postgres-cluster/,
  );
  expect(left).toContain('data-disk-2');
  expect(
    JSON.parse(await cli('leftovers', '-n', 'databases', '--book', '-o', 'json')),
  ).toMatchObject([{ ordinal: 2 }, { ordinal: 2 }]);
});

const findingsSchema = z.array(z.looseObject({ level: z.string(), check: z.string() }));

test('doctor finds what is wrong, says what to do, and fails', async () => {
  const healthy = await rollcall.rollcall(['doctor', '-o', 'json'], { mayFail: true });
  const findings = findingsSchema.parse(JSON.parse(healthy.stdout));
  expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(healthy.code).toBe(0);
  expect(findings).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      check: 'kept disks',
      about: 'databases pvc/os-disk-2',
    }),
  );
  const selector = '--selector=kubevirt.io/vmpool=vm-pool-cirros';
  await kubectl('create', 'poddisruptionbudget', 'web', selector, '--max-unavailable=1');
  const sick = await rollcall.rollcall(['doctor'], { mayFail: true });
  expect(sick.code).toBe(1);
  expect(sick.stdout).toMatch(/fail +disruption budgets +default pdb\/web .* minAvailable instead/);
  await kubectl('delete', 'poddisruptionbudget', 'web');
});

test("a set whose status KubeVirt's controller writes is left alone, and said to be", async () => {
  await kubectl('create', '-f', 'deploy/examples/my-vmirs.yaml');
  await kubectl('wait', 'vmirs/my-vmirs', '--for=jsonpath={.status.readyReplicas}');
  await kubectl(
    ...['patch', 'vmirs', 'my-vmirs', '--subresource', 'status', '--type', 'merge'],
    ...['--field-manager', 'virt-controller', '-p', '{"status":{"replicas":7}}'],
  );
  await until('the hold', async () => (await cli('sets')).includes('Contested'));
  expect(await kubectl('get', 'vmirs', 'my-vmirs', '-o', 'jsonpath={.status.replicas}')).toBe('7');
  await kubectl('delete', 'vmirs', 'my-vmirs');
});

test('a webhook that cannot be asked is told, and the members come once it is there again', async () => {
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'away' },
    webhooks: [
      {
        name: 'machines.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 1,
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [
          {
            apiGroups: ['kubevirt.io'],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['virtualmachines'],
          },
        ],
      },
    ],
  };
  await rollcall.kubectl(['create', '-f', '-'], { input: JSON.stringify(webhook) });
  await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '4');
  const said = 'jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].message}';
  await until('word of it', async () =>
    (await kubectl('get', 'vmpool', 'vm-pool-cirros', '-o', said)).includes('WebhookUnavailable'),
  );
  await kubectl('delete', 'validatingwebhookconfiguration', 'away');
  await until('four', async () => (await vmsOf('vm-pool-cirros', 'default')).length === 4);
  await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '3');
  await until('three', async () => (await vmsOf('vm-pool-cirros', 'default')).length === 3);
});

test('history, deleted volumes and the chain are read as before', async () => {
  expect(await cli('history', '-A', '-o', 'wide')).toContain('vmpool/vm-pool-cirros');
  expect(await cli('deleted-volumes', '-A', '--kept')).toContain('data-disk-2');
  expect(await cli('verify')).toMatch(/^whole: \d+ entries/);
  expect(await cli('completion', 'bash')).toContain('complete -F _rollcall rollcall');
});

test('kubectl finds the program as its plugin', async () => {
  const plugin = join(rollcall.home, 'kubectl-rollcall');
  symlinkSync(join(repo, 'services/cli/rollcall.mjs'), plugin);
  const child = spawn(plugin, ['sets', '-A'], {
    env: { ...process.env, ROLLCALL_HOME: rollcall.home },
  });
  let said = '';
  child.stdout.on('data', (part: Buffer) => (said += part.toString()));
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(said).toContain('vmpool/postgres-cluster');
});

test('after a restore of the cluster nothing is done until somebody accepts it', async () => {
  const [sandbox, backup] = [join(rollcall.home, 'sandbox'), join(rollcall.home, 'backup')];
  await rollcall.stop();
  cpSync(sandbox, backup, { recursive: true });
  await rollcall.restart();
  await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '9');
  await until('nine', async () => (await vmsOf('vm-pool-cirros', 'default')).length === 9);
  await until('nine in the book', async () => (await cli('sets', '-A')).includes('9'));
  await rollcall.stop();
  rmSync(sandbox, { recursive: true });
  cpSync(backup, sandbox, { recursive: true });
  await rollcall.restart();
  await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '2');
  await until(
    'the sets to be held',
    async () => (await cli('status')).includes('rollcall accept-rewind lets the log follow it'),
    { timeoutMs: 120_000, everyMs: 1_000 },
  );
  expect(await vmsOf('vm-pool-cirros', 'default')).toHaveLength(3);
  const unsaid = await rollcall.rollcall(['accept-rewind'], { mayFail: true });
  expect(unsaid.code).toBe(2);
  expect(await cli('accept-rewind', '--yes')).toMatch(/^accepted: /);
  await until('two', async () => (await vmsOf('vm-pool-cirros', 'default')).length === 2);
  await until('no hold', async () => (await cli('status')).includes('none held'));
  const told = await cli('status', '-o', 'json');
  expect(JSON.parse(told)).toMatchObject({ held: [] });
});

test('release says what it would do, hands back, and leaves machines and disks alone', async () => {
  const before = await kubectl('get', 'vm,pvc', '-A', '-o', 'name');
  const dry = await cli('release', '--all', '--dry-run');
  expect(dry).toMatch(
    /default vmpool\/vm-pool-cirros\n +annotation rollcall.dev\/mode becomes observe/,
  );
  expect(dry).toContain('2 living members lose the finalizer pool.kubevirt.io/finalizer');
  const unsaid = await rollcall.rollcall(['release', '--all'], { mayFail: true });
  expect(unsaid).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing was changed') });
  expect(await cli('release', '--all', '--yes')).toContain('2 members freed');
  const finalizers = 'jsonpath={.items[*].metadata.finalizers}';
  expect(await kubectl('get', 'vm,vmpool', '-A', '-o', finalizers)).not.toContain(
    'pool.kubevirt.io',
  );
  expect(await cli('sets', '-A')).toMatch(/vm-pool-cirros .* observe/);
  expect(await cli('release', '--all')).toContain('Nothing to hand back');
  expect(await kubectl('get', 'vm,pvc', '-A', '-o', 'name')).toBe(before);
});
