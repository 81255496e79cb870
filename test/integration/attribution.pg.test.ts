import { expect, test, vi } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
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
import { aPool, began, currentVersion, sawVm, seen, shard } from './book-story.ts';

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
  const told = { ...made, type: 'attributed', verb: 'create' } as LogRecord;
  const { rows } = await history([pool, sawVm('web-0'), told], true);
  expect(rows).toEqual(['created alice proven audit: create done']);
});

test('the readers of the book see who did what, and cannot write it', async () => {
  await using book = await createBook();
  await using reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'reader' });
  expect(await reader.db.selectFrom('book.attributions').selectAll().execute()).toEqual([]);
  await expect(reader.db.selectFrom('book.attribution').selectAll().execute()).rejects.toThrow(
    /permission denied/,
  );
});
