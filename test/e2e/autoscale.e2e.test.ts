import { afterAll, beforeAll, expect, test } from 'vitest';

import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** Pods and autoscaling with everything that runs: load makes a pool grow, a lost pod is replaced. */

let rollcall: Rollcall;

beforeAll(async () => {
  rollcall = await startRollcall();
}, 240_000);

afterAll(async () => {
  await rollcall?.stop();
}, 60_000);

async function kubectl(command: string): Promise<string> {
  return (await rollcall.kubectl(command.split(' '))).stdout;
}

async function ready(kind: string, name: string): Promise<string> {
  return kubectl(`get ${kind} ${name} -o jsonpath={.spec.replicas}/{.status.readyReplicas}`);
}

test('a pool under load grows to the maximum of its autoscaler', async () => {
  await kubectl('create -f deploy/examples/vm-pool-cirros.yaml');
  await until(
    'three ready machines',
    async () => (await ready('vmpool', 'vm-pool-cirros')) === '3/3',
  );
  await kubectl('autoscale vmpool vm-pool-cirros --min=3 --max=10 --cpu-percent=50');
  await kubectl('annotate vmpool vm-pool-cirros sandbox.rollcall.dev/cpu=800m');
  await until(
    'ten ready machines',
    async () => (await ready('vmpool', 'vm-pool-cirros')) === '10/10',
    { timeoutMs: 150_000 },
  );
  expect(await kubectl('describe hpa vm-pool-cirros')).toContain('New size: 10; reason: cpu');
  const pods = await kubectl('top pods --no-headers -l kubevirt.io/vmpool=vm-pool-cirros');
  expect(pods.trim().split('\n')).toHaveLength(10);
});

test('a replica set replaces an instance whose pod is deleted', async () => {
  await kubectl('create -f deploy/examples/vmi-cirros-replicaset.yaml');
  const [set = ''] = (await kubectl('get vmirs -o name')).trim().split('\n');
  const name = set.slice(set.indexOf('/') + 1);
  const size = await kubectl(`get vmirs ${name} -o jsonpath={.spec.replicas}`);
  await until('all members', async () => (await ready('vmirs', name)) === `${size}/${size}`);
  const members = async (): Promise<readonly string[]> =>
    (await kubectl('get vmi -o name')).split('\n').filter((one) => one.includes('cirros'));
  const before = await members();
  const [victim = ''] = before.filter((one) => !one.includes('vm-pool'));
  const instance = victim.slice(victim.indexOf('/') + 1);
  await kubectl(`delete pods -l vm.kubevirt.io/name=${instance} --wait=false`);
  await until('another in its place', async () => {
    const now = await members();
    return !now.includes(victim) && now.length === before.length;
  });
  await until('all members', async () => (await ready('vmirs', name)) === `${size}/${size}`);
});
