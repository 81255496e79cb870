import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loopDiskProblem } from '../support/loop-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { natsOnDisk, postgresOnDisk } from './disk-servers.ts';
import type { DiskServer } from './disk-servers.ts';
import { Drill } from './drill.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';

/** No room left on the disk of the broker, then on that of the database. */

const problem = loopDiskProblem();
const [peak, rest] = [20, 5];

if (problem !== undefined) {
  process.stdout.write(`    FULL DISKS ARE NOT TESTED HERE: ${problem}\n`);
}

describe.skipIf(problem !== undefined)('a disk that is full', () => {
  let folder: TemporaryFolder;
  let nats: DiskServer;
  let postgres: DiskServer;
  let drill: Drill;

  beforeAll(async () => {
    folder = await temporaryFolder('disks');
    const broker = await natsOnDisk({ folder: folder.path, megabytes: 300, syncAlways: true });
    const database = await postgresOnDisk(join(folder.path, 'database'), 300);
    [nats, postgres] = [broker.server, database.server];
    await Promise.all([nats.start(), postgres.start()]);
    drill = await Drill.start({
      env: {
        NATS_URL: broker.url,
        NATS_MONITOR_URL: broker.monitorUrl,
        DATABASE_URL: database.url,
      },
    });
  });

  afterAll(async () => {
    await drill?.[Symbol.asyncDispose]();
    await Promise.all([nats?.stop(), postgres?.stop()]);
    await folder?.remove();
  });

  test('of the broker is told, and once there is room a restart of the broker is all it needs', async () => {
    await drill.make({ name: 'broker-full' });
    nats.fill();
    await drill.scale('broker-full', peak);
    await until('word of it', () => /the log does not take records/.test(drill.log('watcher')));
    await nats.makeRoom();
    await nats.stop();
    await nats.start();
    await drill.settles('broker-full', peak);
    await drill.scale('broker-full', rest);
    await drill.settles('broker-full', rest);
    expect(await proofOf(drill, 'broker-full')).toEqual(undisturbed(peak, rest));
    expect(await drill.health()).toEqual(healthy);
  });

  test('of the database is told, holds up destruction, and needs nothing but room', async () => {
    await drill.make({ name: 'book-full' });
    await drill.scale('book-full', peak);
    await drill.settles('book-full', peak);
    await drill.make({ name: 'filling' });
    postgres.fill();
    // Some rows still fit into pages that are there, so more and more are written.
    let size = 0;
    await until(
      'word of it',
      async () => {
        if (drill.log('recorder').includes('the database is away')) return true;
        size += 20;
        await drill.scale('filling', size);
        return false;
      },
      { everyMs: 1_000 },
    );
    await drill.scale('book-full', rest);
    await until('the scale-in to be decided', () =>
      drill.log('reconciler').includes(`"replicas lowered from ${peak} to ${rest}`),
    );
    // What was decided later is done, so the deletes were read too.
    await drill.scale('filling', (size += 1));
    await until('creates to go on', async () => (await drill.made('filling')) === size);
    expect(await drill.gone('book-full')).toBe(0);
    await postgres.makeRoom();
    await until('the database to be back', async () => {
      // Where its journal did not fit either it ends, and somebody has to start it again.
      if (!postgres.runs) await postgres.start();
      return (await drill.history('book-full')).length > 0;
    });
    await drill.settles('filling', size);
    await drill.settles('book-full', rest);
    expect(await proofOf(drill, 'book-full')).toEqual(undisturbed(peak, rest));
    expect(await drill.health()).toEqual(healthy);
  });
});
