import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** A scale-out that is cut off in the middle, kindly and unkindly, and goes on at the next start. */

let rollcall: Rollcall;
const size = 200;

beforeAll(async () => {
  rollcall = await startRollcall();
}, 240_000);

afterAll(async () => {
  await rollcall?.stop();
}, 60_000);

async function members(pool: string): Promise<number> {
  const { stdout } = await rollcall.kubectl(['get', 'vm', '-l', `pool=${pool}`, '-o', 'name']);
  return stdout.split('\n').filter(Boolean).length;
}

async function scaleOutAndCut(pool: string, cut: () => Promise<void>): Promise<void> {
  await rollcall.kubectl(['apply', '-f', '-'], { input: halted(pool) });
  await rollcall.kubectl(['scale', 'vmpool', pool, '--replicas', String(size)]);
  await until('the scale-out to be under way', async () => (await members(pool)) > 10);
  await cut();
  await rollcall.restart();
  await until('all members', async () => (await members(pool)) >= size, { timeoutMs: 120_000 });
}

/** Halted machines: only our own work counts. */
function halted(name: string): string {
  const labels = { pool: name };
  return JSON.stringify({
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy: 'Halted',
          template: { metadata: { labels }, spec: { domain: { devices: {} } } },
        },
      },
    },
  });
}

describe.each([
  { pool: 'stopped', how: 'Ctrl-C', cut: () => rollcall.stop() },
  { pool: 'killed', how: 'kill -9 of every process', cut: () => rollcall.killAll() },
])('a scale-out to 200 cut off by $how', ({ pool, cut }) => {
  test('ends with 200 members, none of them made twice, and one finished row in the book', async () => {
    await scaleOutAndCut(pool, cut);
    expect(await members(pool)).toBe(size);
    const made = (await rollcall.creations('VirtualMachine')).filter((name) =>
      name.startsWith(`${pool}-`),
    );
    expect(new Set(made).size).toBe(size);
    expect(made).toHaveLength(size);
    await until('the finished row', async () => {
      const { stdout } = await rollcall.rollcall(['history', `vmpool/${pool}`, '-o', 'json']);
      const rows: readonly { readonly to: number; readonly outcome: string }[] = JSON.parse(stdout);
      return rows.some((row) => row.to === size && row.outcome === 'done');
    });
  }, 240_000);
});
