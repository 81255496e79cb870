import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Drill } from './drill.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';
import { outageMs } from './settings.ts';

/** Broker and database go away in the middle of the work, and come back. */

let drill: Drill;

beforeAll(async () => {
  drill = await Drill.start();
});

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]();
});

const atOnce = { everyMs: 1 } as const;

async function grown(pool: string, size: number): Promise<void> {
  await drill.make({ name: pool });
  await drill.scale(pool, size);
  await drill.settles(pool, size);
}

async function statusReplicas(pool: string): Promise<string> {
  const args = ['get', 'vmpool', pool, '-o', 'jsonpath={.status.replicas}'];
  return (await drill.rollcall.kubectl(args)).stdout;
}

test('without the database nothing is destroyed, and everything else goes on', async () => {
  await Promise.all([
    grown('shrinking', 40),
    grown('waiting', 20),
    drill.make({ name: 'growing' }),
  ]);
  await drill.scale('shrinking', 5);
  await until('machines to go', async () => (await drill.gone('shrinking')) >= 1, atOnce);
  const began = performance.now();
  const database = drill.keepDown('postgres', 'SIGINT');
  try {
    await drill.scale('waiting', 5);
    await drill.scale('growing', 20);
    await until('creates to go on', async () => (await drill.made('growing')) === 20);
    await until('status to go on', async () => (await statusReplicas('growing')) === '20');
    await until('word of it', () => drill.log('executor').includes('destruction waits'));
    await until('the outage to be over', async () => {
      expect(await drill.gone('waiting')).toBe(0);
      return performance.now() - began > outageMs;
    });
  } finally {
    database.comeBack();
  }
  await Promise.all([
    drill.settles('shrinking', 5),
    drill.settles('waiting', 5),
    drill.settles('growing', 20),
  ]);
  expect(await proofOf(drill, 'shrinking')).toEqual(undisturbed(40, 5));
  expect(await proofOf(drill, 'waiting')).toEqual(undisturbed(20, 5));
  expect(await proofOf(drill, 'growing')).toEqual(undisturbed(20, 20));
  expect(await drill.health()).toEqual(healthy);
});

test('a broker that is restarted under load costs nothing but time', async () => {
  await drill.make({ name: 'loaded' });
  await drill.scale('loaded', 60);
  for (const [made, signal] of [
    [5, 'SIGTERM'],
    [25, 'SIGKILL'],
    [45, 'SIGTERM'],
  ] as const) {
    await until(`${made} machines`, async () => (await drill.made('loaded')) >= made, atOnce);
    await drill.kill('nats', signal);
  }
  await drill.settles('loaded', 60);
  await drill.scale('loaded', 10);
  await until('machines to go', async () => (await drill.gone('loaded')) >= 1, atOnce);
  const broker = drill.keepDown('nats', 'SIGKILL');
  try {
    await until('word of it', () => drill.log('executor').includes('lost the connection to NATS'));
  } finally {
    broker.comeBack();
  }
  await drill.settles('loaded', 10);
  expect(await proofOf(drill, 'loaded')).toEqual(undisturbed(60, 10));
  expect(await drill.health()).toEqual(healthy);
});
