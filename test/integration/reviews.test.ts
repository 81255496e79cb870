import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReviews } from '#shared/cluster/reviews.ts';
import type { Reviews } from '#shared/cluster/reviews.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';

/** Tokens and rights as a real API server judges them; the sandbox stands in for one. */

const stack = new AsyncDisposableStack();
let sandbox: TestSandbox;
let reviews: Reviews;

beforeAll(async () => {
  sandbox = stack.use(await openTestSandbox({ controllers: false, authorization: 'RBAC' }));
  reviews = stack.use(
    await openReviews({ kubeconfig: sandbox.kubeconfig, userAgent: 'rollcall-test' }),
  );
});

afterAll(() => stack.disposeAsync());

const pools = { verb: 'list', group: 'pool.kubevirt.io', resource: 'virtualmachinepools' } as const;

test('a token is of its user, and one that nobody has is of nobody', async () => {
  expect(await reviews.whose(sandbox.token)).toMatchObject({
    ok: true,
    value: { name: 'admin', groups: expect.arrayContaining(['system:masters']) },
  });
  expect(await reviews.whose('made-up')).toEqual({ ok: true, value: undefined });
});

test('rights are those that the cluster gives', async () => {
  const admin = { name: 'admin', groups: ['system:masters'] };
  const guest = { name: 'guest', groups: ['system:authenticated'] };
  expect(await reviews.allows(admin, pools)).toEqual({ ok: true, value: true });
  expect(await reviews.allows(guest, { ...pools, namespace: 'default' })).toEqual({
    ok: true,
    value: false,
  });
});

test('whoever may not ask is told so, which is no verdict on anybody', async () => {
  await using watcher = await openReviews({
    kubeconfig: join(sandbox.folder, 'kubeconfig-watcher'),
    userAgent: 'rollcall-test',
  });
  expect(await watcher.whose(sandbox.token)).toMatchObject({
    ok: false,
    failure: { kind: 'forbidden' },
  });
});

test('the service account of the gateway may ask', async () => {
  await using gateway = await openReviews({
    kubeconfig: join(sandbox.folder, 'kubeconfig-gateway'),
    userAgent: 'rollcall-test',
  });
  expect(await gateway.whose(sandbox.token)).toMatchObject({ ok: true, value: { name: 'admin' } });
});
