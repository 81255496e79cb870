import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';
import { until } from '../support/until.ts';
import { Drill } from './drill.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';
import { announce, peak, rest, rounds, seed } from './settings.ts';

/** SIGKILL for every process, again and again, while a pool of disks grows and shrinks. */

const parts = [
  'watcher',
  'reconciler',
  'executor',
  'recorder',
  'sandbox',
  'nats',
  'postgres',
] as const;

let drill: Drill;

beforeAll(async () => {
  drill = await Drill.start();
});

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]();
});

type Killing = { readonly part: string; readonly at: number; readonly afterMs: number };

/** Each part dies once, at a random point of the way from 0 to `end`. */
function plan(random: Random, end: number): readonly Killing[] {
  return parts
    .map((part) => ({
      part,
      at: random.between(0, end - 1),
      afterMs: random.between(0, 15),
    }))
    .toSorted((left, right) => left.at - right.at);
}

async function carryOut(killings: readonly Killing[], progress: () => Promise<number>) {
  for (const { part, at, afterMs } of killings) {
    const reached = async (): Promise<boolean> => (await progress()) >= at;
    await until(`progress of ${at}`, reached, { everyMs: 1, timeoutMs: 120_000 });
    await delay(afterMs);
    await drill.kill(part);
  }
}

function wording(killings: readonly Killing[]): string {
  return killings.map(({ part, at }) => `${part}@${at}`).join(' ');
}

async function outAndIn(pool: string, random?: Random): Promise<void> {
  const [out, back] =
    random === undefined ? [[], []] : [plan(random, peak), plan(random, peak - rest)];
  if (random !== undefined) announce(`${pool}: out ${wording(out)}, in ${wording(back)}`);
  await drill.make({ name: pool, runStrategy: 'Always' });
  await drill.scale(pool, peak);
  await carryOut(out, () => drill.made(pool));
  await drill.settles(pool, peak);
  await drill.scale(pool, rest);
  await carryOut(back, () => drill.gone(pool));
  await drill.settles(pool, rest);
}

describe(`a pool that goes 0 → ${peak} → ${rest}`, () => {
  test('undisturbed makes and deletes each object once, and the book has it all', async () => {
    await outAndIn('calm');
    expect(await proofOf(drill, 'calm')).toEqual(undisturbed(peak, rest));
  });

  test.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'comes to the same when every process is killed on the way out and on the way in (round $round)',
    async ({ round }) => {
      const pool = `hurt${round}`;
      await outAndIn(pool, createRandom(`${seed}/${round}`));
      expect(await proofOf(drill, pool)).toEqual(undisturbed(peak, rest));
      expect(await drill.health()).toEqual(healthy);
    },
    600_000,
  );

  test('leaves a book whose chain is whole, and nothing that goes on in secret', async () => {
    const { stdout } = await drill.rollcall.rollcall(['verify']);
    expect(stdout).toMatch(/^whole/);
    for (let round = 0; round < rounds; round += 1) {
      expect(await proofOf(drill, `hurt${round}`)).toEqual(undisturbed(peak, rest));
    }
  });
});
