import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** Who did it: the API server's audit events, the gateway, the book, and people who ask. */

let rollcall: Rollcall;

beforeAll(async () => {
  rollcall = await startRollcall();
}, 240_000);

afterAll(async () => {
  await rollcall?.stop();
}, 60_000);

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

async function ask(
  path: string,
  token = readFileSync(join(rollcall.home, 'token'), 'utf8').trim(),
) {
  const response = await fetch(rollcall.gateway() + path, {
    headers: { authorization: `Bearer ${token}` },
  });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

test('a user who scales is proven in history and in the API', async () => {
  await kubectl('create', '-f', 'deploy/examples/vm-pool-cirros.yaml');
  await until(
    'three members',
    async () => (await kubectl('get', 'vm', '-o', 'name')).split('\n').length === 4,
  );
  await kubectl(
    'scale',
    'vmpool',
    'vm-pool-cirros',
    '--replicas',
    '5',
    '--as',
    'alice',
    '--as-group',
    'system:masters',
  );
  const history = async () =>
    (await rollcall.rollcall(['history', 'vmpool/vm-pool-cirros'])).stdout;
  await until('alice in the book', async () => (await history()).includes('alice (proven)'));
  expect(await history()).toMatch(/scaled +3 → 5 +alice \(proven\) +audit: scale/);
  const { body } = await ask('/v1/scale-operations?namespace=default&who=alice');
  expect(body).toMatchObject({
    items: [
      {
        set: { name: 'vm-pool-cirros' },
        from: 3,
        to: 5,
        who: { name: 'alice', grade: 'proven', how: 'audit: scale, impersonated by admin' },
      },
    ],
  });
});

test('a member that somebody deletes names who did it', async () => {
  await kubectl('delete', 'vm', 'vm-pool-cirros-0', '--wait=false');
  const history = async () =>
    (await rollcall.rollcall(['history', 'vmpool/vm-pool-cirros'])).stdout;
  await until('the deletion in the book', async () =>
    /member replaced .*admin \(proven\) +audit: delete/.test(await history()),
  );
});

test('nobody asks without a token of the cluster', async () => {
  expect(await ask('/v1/sets', 'nonsense')).toMatchObject({ status: 401 });
});
