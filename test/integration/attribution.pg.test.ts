import { describe, expect, test, vi } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { Attributed, LogRecord } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { askOperations, askStanding } from '#shared/store/ask-book.ts';
import { openStore } from '#shared/store/open-store.ts';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { familyOf } from '#shared/stream/frame.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { record } from '../../services/recorder/record.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase } from './book-database.ts';
import {
  aPool,
  began,
  claimGone,
  currentVersion,
  sawDisk,
  sawVm,
  seen,
  shard,
} from './book-story.ts';

/** Who did it, in a real book, whichever comes first and whoever restarts in between. */

function aliceScaled(id: string, version: string, user = 'alice'): LogRecord {
  return {
    type: 'attributed',
    source: 'audit',
    id,
    verb: 'patch',
    subresource: 'scale',
    object: {
      kind: 'VirtualMachinePool',
      namespace: 'demo',
      name: 'web',
      uid: uid('web-uid'),
      resourceVersion: resourceVersionSchema.parse(version),
    },
    user,
    groups: ['devs', 'zero\u0000'],
    userAgent: 'kubectl',
    manager: 'kubectl',
    asked: 2,
    replicas: 2,
    receivedAt: new Date(began - 1_000).toISOString(),
    answeredAt: new Date(began - 900).toISOString(),
  };
}

/** Lets a recorder read the whole log, and ends it. */
async function recordAll(log: Stream, book: BookDatabase): Promise<void> {
  await using reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'reader' });
  await using store = openStore({
    databaseUrl: book.urlFor('recorder'),
    name: 'recorder',
    sessions: 1,
  });
  const stop = new AbortController();
  const parts = { store, log, logger: silentLogger(), clock: systemClock, attests: false };
  const recording = record(parts, stop.signal);
  const { last } = await log.bounds();
  try {
    await vi.waitFor(async () => expect((await askStanding(reader.db))?.sequence).toBe(last), {
      timeout: 15_000,
      interval: 10,
    });
  } finally {
    stop.abort();
    await recording;
  }
}

/** Tells the records one after the other, with a new recorder for each when it `restarts`. */
async function history(records: readonly LogRecord[], restarts: boolean) {
  await using book = await createBook();
  let now = began;
  const log = new MemoryBroker({ now: () => (now += 1_000) }).open();
  for (const told of records) {
    const family = familyOf(told);
    if (family !== 'decision') await log.append(shard, family, told);
    if (restarts) await recordAll(log, book);
  }
  await recordAll(log, book);
  await using owner = openStore({ databaseUrl: book.urlFor(), name: 'owner' });
  const rows = await askOperations(owner.db, { limit: 10 });
  return {
    rows: rows.map(({ operation, actor, grade, how, outcome }) =>
      [operation, actor, grade, how, outcome].join(' '),
    ),
    attributions: await owner.db.selectFrom('book.attributions').selectAll().execute(),
    kinds: (await owner.db.selectFrom('book.entries').select('kind').execute()).map(
      ({ kind }) => kind,
    ),
    chain: await verifyChain(owner.db),
  };
}

test.for([true, false])(
  'a proof that comes after the fact, before it, or again, ends in the same history (restarts: %s)',
  async (restarts) => {
    const small = seen(aPool(1));
    const member = sawVm('web-0');
    const large = seen(aPool(2));
    const told = aliceScaled('scale', currentVersion());
    const orders = [
      [small, member, large, told, told],
      [told, small, member, large, told],
      [small, member, told, large],
    ];
    for (const order of orders) {
      const found = await history(order, restarts);
      expect(found.rows).toEqual([
        'scaled alice proven audit: scale running',
        expect.stringMatching(/^created kubectl-client-side-apply inferred .* done$/),
      ]);
      expect(found.attributions).toMatchObject([
        { actor: 'alice', id: 'scale', groups: ['devs', 'zero\uFFFD'] },
      ]);
      expect(found.kinds.filter((kind) => kind === 'attributed')).toHaveLength(1);
      expect(found.chain).toMatchObject({ whole: true });
    }
  },
);

test('an operation that ended before a restart still gets its actor', async () => {
  const pool = seen(aPool(1));
  const create = aliceScaled('create', currentVersion());
  const { subresource: _none, ...made } = { subresource: '', ...create };
  const told = { ...made, type: 'attributed', verb: 'create', asked: 1, replicas: 1 } as LogRecord;
  const { rows } = await history([pool, sawVm('web-0'), told], true);
  expect(rows).toEqual(['created alice proven audit: create done']);
});

/** A pool of some size, as it stands at a generation. */
function sized(replicas: number, generation: number): LogRecord {
  const pool = aPool(replicas);
  return seen({ ...pool, meta: { ...pool.meta, generation } });
}

test.for([true, false])(
  'a change among versions that were not seen is never proven to be of who wrote last (restarts: %s)',
  async (restarts) => {
    const small = sized(1, 1);
    const large = sized(2, 4);
    const told = aliceScaled('scale', currentVersion());
    const missed = '2 other changes of the spec before it were not seen';
    for (const order of [
      [small, large, told],
      [told, small, large],
    ]) {
      const { rows } = await history(order, restarts);
      expect(rows[0]).toBe(`scaled alice inferred audit: scale, ${missed} running`);
    }
    const { rows } = await history([small, large], restarts);
    expect(rows[0]).toContain(`scaled kubectl inferred managedFields: kubectl (scale), ${missed}`);
  },
);

test('an empty write in the same moment takes the proof from the writer, whenever it is told', async () => {
  const small = sized(1, 1);
  const large = sized(2, 2);
  const told = aliceScaled('scale', currentVersion());
  const again = aliceScaled('again', currentVersion(), 'bob');
  const { rows } = await history([small, told, large, again], true);
  expect(rows[0]).toBe(
    'scaled alice inferred audit: scale, unless it was bob, who asked for the same at that time running',
  );
});

test('the size of a version that was not seen is of its writer, and the one seen of nobody else', async () => {
  const small = sized(1, 1);
  const unseen = aliceScaled('unseen', (sized(2, 2), currentVersion()));
  const large = sized(2, 2);
  const bob = aliceScaled('later', currentVersion(), 'bob');
  for (const order of [
    [small, large, bob, unseen],
    [unseen, small, bob, large],
  ]) {
    const { rows } = await history(order, true);
    expect(rows[0]).toBe(
      'scaled alice corroborated audit: scale, the version that it made was not seen running',
    );
  }
});

function removalOf(name: string, user: string, given: Partial<Attributed> = {}): LogRecord {
  const { subresource: _none, ...told } = { subresource: '', ...aliceScaled('', '1', user) };
  return {
    ...told,
    ...given,
    type: 'attributed',
    source: 'audit',
    id: `${name} by ${user}`,
    verb: 'delete',
    object: { kind: 'PersistentVolumeClaim', namespace: 'demo', name, uid: uid(`${name}-pvc`) },
  } as LogRecord;
}

describe('who caused the loss of a disk', () => {
  const pool = [aPool(3), aPool(2)].map(seen);
  const told = aliceScaled('scale', currentVersion());
  const before = [pool[0], sawVm('web-0'), ...sawDisk('web-0'), pool[1], told].filter(
    (record) => record !== undefined,
  );
  const gone = claimGone('web-0');

  test.for<readonly [string, readonly LogRecord[], object]>([
    ['is unknown, whoever scaled before, while its member stays', [], { actor: null }],
    [
      'is whoever deleted it',
      [removalOf('web-0-disk', 'bob')],
      { actor: 'bob', grade: 'proven', how: 'audit: delete' },
    ],
    [
      'is proven of nobody where two may have deleted it',
      [removalOf('web-0-disk', 'bob'), removalOf('web-0-disk', 'carol')],
      { grade: 'inferred' },
    ],
    [
      'is nobody who deleted what was terminating already',
      [removalOf('web-0-disk', 'bob', { deletedAt: '2026-11-21T03:59:00Z' })],
      { actor: null, grade: 'unknown' },
    ],
  ])('%s', async ([, removals, who]) => {
    await using book = await createBook();
    let now = began;
    const log = new MemoryBroker({ now: () => (now += 1_000) }).open();
    for (const record of [...before, gone, ...removals]) {
      const family = familyOf(record);
      if (family !== 'decision') await log.append(shard, family, record);
    }
    await recordAll(log, book);
    await using reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'reader' });
    const volumes = await reader.db.selectFrom('book.deleted_volumes').selectAll().execute();
    expect(volumes).toMatchObject([{ claim: 'web-0-disk', ...who }]);
  });
});

test('the readers of the book see who did what, and cannot write it', async () => {
  await using book = await createBook();
  await using reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'reader' });
  expect(await reader.db.selectFrom('book.attributions').selectAll().execute()).toEqual([]);
  await expect(reader.db.selectFrom('book.attribution').selectAll().execute()).rejects.toThrow(
    /permission denied/,
  );
});
