import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../simulation/random.ts';
import type { FaultProxy, Rule } from '../support/fault-proxy.ts';
import { until } from '../support/until.ts';
import { takeDetour } from './detour.ts';
import { Drill } from './drill.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';
import { announce, rounds, seed } from './settings.ts';

/** A network and an API server that misbehave, between the services and the cluster. */

const [peak, rest] = [20, 5];
const random = createRandom(seed);

let drill: Drill;
let proxy: FaultProxy;

beforeAll(async () => {
  announce('faults of the API server');
  // A watch that is silent for longer is taken for dead; by default that is 150 s.
  drill = await Drill.start({ env: { ROLLCALL_WATCH_IDLE_SECONDS: '4' } });
  proxy = await takeDetour(drill);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await drill?.[Symbol.asyncDispose]();
});

type Case = { readonly name: string; readonly rule: Rule };

const sometimes: readonly Case[] = [
  {
    name: 'reset-after',
    rule: ({ watch }) =>
      watch ? { type: 'reset-after', bytes: random.between(1, 60_000) } : { type: 'pass' },
  },
  {
    name: 'lose-answer',
    rule: ({ method }) =>
      method !== 'GET' && random.chance(0.3) ? { type: 'lose-answer' } : { type: 'pass' },
  },
  {
    name: 'throttle',
    rule: ({ watch }) =>
      !watch && random.chance(0.1) ? { type: 'throttle', retryAfterSeconds: 1 } : { type: 'pass' },
  },
  {
    name: 'delay',
    rule: ({ watch }) =>
      !watch && random.chance(0.03) ? { type: 'delay', ms: 5_000 } : { type: 'pass' },
  },
];

const cases = Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
  sometimes.map((one) => ({ ...one, pool: `${one.name}-${round}` })),
);

async function hasLeftNoMark(pool: string): Promise<void> {
  expect(await proofOf(drill, pool)).toEqual(undisturbed(peak, rest));
  expect(await drill.health()).toEqual(healthy);
}

describe.each(cases)('while requests meet $name', ({ name, rule, pool }) => {
  test('a pool grows and shrinks, and nothing is done twice', async () => {
    await drill.make({ name: pool });
    const before = struck(name);
    proxy.use(rule);
    // So that the watches too are begun under the rule.
    proxy.resetAll();
    try {
      await drill.scale(pool, peak);
      await drill.settles(pool, peak);
      await drill.scale(pool, rest);
      await drill.settles(pool, rest);
    } finally {
      proxy.use(() => ({ type: 'pass' }));
    }
    expect(struck(name)).toBeGreaterThan(before);
    await hasLeftNoMark(pool);
  });
});

function struck(fault: string): number {
  return [...proxy.struck].find(([type]) => type === fault)?.[1] ?? 0;
}

describe('while nothing comes through, and nobody is told', () => {
  test('services wait, and go on where they were', async () => {
    const pool = 'black-hole';
    await drill.make({ name: pool });
    await drill.scale(pool, peak);
    await until('the scale-out to be under way', async () => (await drill.made(pool)) >= 3, {
      everyMs: 1,
    });
    proxy.holdAll();
    const before = proxy.watches;
    await until('watches to be taken for dead and begun anew', () => proxy.watches > before + 4);
    proxy.resetAll();
    await drill.settles(pool, peak);
    await drill.scale(pool, rest);
    await until('the scale-in to be under way', async () => (await drill.gone(pool)) >= 2, {
      everyMs: 1,
    });
    proxy.holdAll();
    const again = proxy.watches;
    await until('watches to be begun anew', () => proxy.watches > again + 4);
    proxy.resetAll();
    await drill.settles(pool, rest);
    await hasLeftNoMark(pool);
  });
});
