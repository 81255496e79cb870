import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Drill } from './drill.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';
import { isLong, peak, rest } from './settings.ts';
import { startTwin, suspend } from './twin.ts';

/** A process stands still for longer than its lease, another one takes over, and then it wakes up. */

/** A second watcher only writes what the first has written too, so it is looked at in the long form. */
const leased = ['reconciler', 'executor', ...(isLong ? ['watcher'] : [])];
const isLinux = process.platform === 'linux';

if (!isLinux) {
  process.stdout.write(
    '    PAUSES ARE NOT TESTED HERE: only Linux shows the environment of others\n',
  );
}

let drill: Drill;

beforeAll(async () => {
  if (isLinux) drill = await Drill.start();
});

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]();
});

async function suspendAtWork(pool: string, part: string) {
  await drill.make({ name: pool });
  await drill.scale(pool, peak);
  await until('the scale-out to be under way', async () => (await drill.made(pool)) >= 5, {
    everyMs: 1,
  });
  return suspend(drill, part);
}

async function hasLeftNoMark(pool: string): Promise<void> {
  await drill.settles(pool, rest);
  expect(await proofOf(drill, pool)).toEqual(undisturbed(peak, rest));
  expect(await drill.health()).toEqual(healthy);
}

describe.skipIf(!isLinux).each(leased)('a %s that stood still', (part) => {
  test('finds its place taken, and nothing is done twice', async () => {
    const pool = `paused-${part}`;
    const paused = await suspendAtWork(pool, part);
    await using twin = startTwin(drill, part);
    try {
      // It gets to work only when the lease of the first has run out.
      await until('the second one to be at work', () => twin.log().includes('"msg":"ready"'));
      await drill.settles(pool, peak);
      await drill.scale(pool, rest);
      await until('a machine to go', async () => (await drill.gone(pool)) > 0, { everyMs: 1 });
    } finally {
      paused.resume();
    }
    await hasLeftNoMark(pool);
  });
});

describe.skipIf(!isLinux)('a recorder that stood still', () => {
  test('lets nobody else write the book, and so holds up destruction, but no creates', async () => {
    const pool = 'paused-recorder';
    const paused = await suspendAtWork(pool, 'recorder');
    await using twin = startTwin(drill, 'recorder');
    try {
      await until('the second one to wait', () =>
        twin.log().includes('another recorder is active'),
      );
      await until('all machines', async () => (await drill.made(pool)) === peak);
      await drill.scale(pool, rest);
      await until('the scale-in to be decided', () =>
        drill.log('reconciler').includes(`"replicas lowered from ${peak} to ${rest}`),
      );
      expect(await drill.gone(pool)).toBe(0);
    } finally {
      paused.resume();
    }
    await hasLeftNoMark(pool);
  });
});

test.skipIf(!isLinux)('one of each goes on when the second ones have left', async () => {
  for (const part of [...leased, 'recorder']) {
    await drill.scale(`paused-${part}`, rest + 1);
    await drill.settles(`paused-${part}`, rest + 1);
  }
  expect(await drill.health()).toEqual(healthy);
});
