import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { createConnection, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { recordSchema } from '#shared/contract/records.ts';
import type { Decision, LogRecord } from '#shared/contract/records.ts';
import { openStore } from '#shared/store/open-store.ts';
import type { Store } from '#shared/store/open-store.ts';
import { openRecorderPosition } from '#shared/store/recorder-position.ts';
import type { BookTables } from '#shared/store/tables.ts';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { record } from '../../services/recorder/record.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase, BookRole } from './book-database.ts';
import {
  aPool,
  anEffect,
  began,
  claimGone,
  decidedCreates,
  decidedDeletes,
  gone,
  poolRef,
  sawDisk,
  sawVm,
  seen,
  settled,
  shard,
} from './book-story.ts';
import { startCuttingProxy } from './cutting-proxy.ts';

let logs = 0;

/** A log, an empty book, and a recorder that can be started and stopped between them. */
class Bench implements AsyncDisposable {
  readonly book: BookDatabase;
  #now = began;
  log = this.#newLog();
  #lastDecision = 0;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #stores: Store[] = [];

  constructor(book: BookDatabase) {
    this.book = book;
  }

  static async open(): Promise<Bench> {
    return new Bench(await createBook());
  }

  #newLog(): Stream {
    const now = (): number => (this.#now += 1_000);
    logs += 1;
    return new MemoryBroker({ now, stream: `ROLLCALL_${logs}` }).open();
  }

  as(role?: BookRole): Kysely<BookTables> {
    const store = openStore({ databaseUrl: this.book.urlFor(role), name: 'test', sessions: 2 });
    this.#stores.push(store);
    return store.db;
  }

  async tell(...records: readonly LogRecord[]): Promise<void> {
    for (const told of records) {
      if (isDecision(told)) {
        const stored = await this.log.appendDecision(shard, told, this.#lastDecision);
        if (!stored.stored) throw new Error('overtaken');
        this.#lastDecision = stored.sequence;
      } else {
        await this.log.append(shard, told.type === 'settled' ? 'outcome' : 'fact', told);
      }
    }
  }

  start(databaseUrl = this.book.urlFor('recorder')): void {
    this.#stop = new AbortController();
    const store = openStore({ databaseUrl, name: 'recorder', sessions: 1 });
    const parts = {
      store,
      log: this.log,
      logger: silentLogger(),
      clock: systemClock,
      attests: true,
    };
    this.#running = recordAndClose(parts, this.#stop.signal);
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** The log is an older copy of itself: same name, same creation time, but its end is missing. */
  rewindLog(): void {
    logs -= 1;
    this.#now = began;
    this.loseLog();
  }

  waitAnHour(): void {
    this.#now += 3_600_000;
  }

  /** How the recorder ends by itself. */
  finished(): Promise<void> {
    return this.#running;
  }

  /** The log is replaced by an empty one, as after the loss of the broker's disk. */
  loseLog(): void {
    this.#lastDecision = 0;
    this.log = this.#newLog();
  }

  async caughtUp(): Promise<void> {
    const reader = this.as('reader');
    const { last } = await this.log.bounds();
    const { lineage } = this.log.identity;
    await vi.waitFor(
      async () => {
        const standing = await reader.selectFrom('book.standing').selectAll().executeTakeFirst();
        expect(standing).toMatchObject({ sequence: last, lineage });
      },
      { timeout: 15_000, interval: 10 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
    for (const store of this.#stores) await store[Symbol.asyncDispose]();
    await this.book[Symbol.asyncDispose]();
  }
}

async function recordAndClose(
  parts: Parameters<typeof record>[0],
  signal: AbortSignal,
): Promise<void> {
  await using _store = parts.store;
  await record(parts, signal);
}

function isDecision(told: LogRecord): told is Decision {
  return told.type === 'decided' || told.type === 'held' || told.type === 'opened';
}

const scaledIn: readonly LogRecord[] = [
  { type: 'opened', lineage: '0123abcd', codeVersion: '1', holder: 'host-1' },
  seen(aPool(2)),
  decidedCreates(1, ['web-0', 'web-1']),
  sawVm('web-0'),
  ...sawDisk('web-0'),
  sawVm('web-1'),
  ...sawDisk('web-1'),
  seen(aPool(1)),
  decidedDeletes(2, ['web-1']),
  settled(anEffect(2, 0), 'applied'),
  sawVm('web-1', { deleting: true }),
  gone('VirtualMachine', 'web-1'),
  claimGone('web-1'),
  gone('VirtualMachine', 'web-0'),
  sawVm('web-0', { uid: 'web-0-second' }),
];

/** Everything but the new web-0 is there again, at versions that were there before; a disk is lost once more. */
const setBack: readonly LogRecord[] = [
  ...scaledIn,
  { type: 'rewound', id: 'one', by: 'alice', askedAt: new Date(began).toISOString() },
  ...[seen(aPool(2)), sawVm('web-0'), sawVm('web-1'), ...sawDisk('web-1')].map(atVersion),
  gone('VirtualMachine', 'web-0', 'web-0-second'),
  claimGone('web-1'),
];

function atVersion(told: LogRecord, index: number): LogRecord {
  if (told.type !== 'observed') return told;
  const meta = { ...told.object.meta, resourceVersion: String(index + 1) };
  return recordSchema.parse({ ...told, object: { ...told.object, meta } });
}

describe('a scripted log', () => {
  test('of a cluster that was set back tells of what is there again, and is lost again', async () => {
    await using bench = await Bench.open();
    await bench.tell(...setBack.slice(0, scaledIn.length + 1));
    bench.start();
    await bench.caughtUp();
    await bench.stop();
    await bench.tell(...setBack.slice(scaledIn.length + 1));
    bench.start();
    await bench.caughtUp();
    const reader = bench.as('reader');
    const lost = reader.selectFrom('book.entries').select('kind').where('kind', '=', 'disk-gone');
    expect(await lost.execute()).toHaveLength(2);
    const sets = await reader.selectFrom('book.sets').select(['wanted', 'members']).execute();
    expect(sets).toEqual([{ wanted: 2, members: 2 }]);
    expect(await verifyChain(reader)).toMatchObject({ whole: true });
  });

  test('becomes history and deleted volumes', async () => {
    await using bench = await Bench.open();
    await bench.tell(...scaledIn);
    bench.start();
    await bench.caughtUp();
    const reader = bench.as('reader');
    const history = await reader.selectFrom('book.history').selectAll().orderBy('id').execute();
    expect(history).toMatchObject([
      { operation: 'created', from_size: null, to_size: 2, outcome: 'done', set_name: 'web' },
      { operation: 'scaled', from_size: 2, to_size: 1, outcome: 'done', actor: 'kubectl' },
      { operation: 'member-replaced', old_uid: 'web-0-uid', new_uid: 'web-0-second' },
    ]);
    const volumes = await reader.selectFrom('book.deleted_volumes').selectAll().execute();
    expect(volumes).toMatchObject([
      {
        claim: 'web-1-disk',
        data_volume: 'web-1-disk',
        volume: 'pv-web-1-disk',
        storage_class: 'fast',
        size: '10Gi',
        ordinal: 1,
        cause: 'scale-in 2 → 1',
        state: 'gone',
        activity: history[1]?.id,
      },
    ]);
    expect(await verifyChain(reader)).toMatchObject({ whole: true });
  });

  test.for([
    ['', scaledIn],
    [', of a cluster that was set back', setBack],
  ] as const)('gives the same book in one go and over restarts%s', async ([, script]) => {
    await using whole = await Bench.open();
    await using pieces = await Bench.open();
    await whole.tell(...script);
    whole.start();
    await whole.caughtUp();
    for (const told of script) {
      pieces.start();
      await pieces.tell(told);
      await pieces.caughtUp();
      await pieces.stop();
    }
    expect(await bookOf(pieces)).toEqual(await bookOf(whole));
  });

  test('is restored over a restart in the middle of a survey', async () => {
    await using bench = await Bench.open();
    const bracket = { kind: 'VirtualMachine', id: 's' } as const;
    bench.start();
    await bench.tell(seen(aPool(2)), sawVm('web-0'), sawVm('web-1'));
    await bench.tell({ type: 'survey-began', ...bracket }, sawVm('web-0', { survey: 's' }));
    await bench.caughtUp();
    await bench.stop();
    const last = gone('VirtualMachine', 'nobody');
    if (last.type !== 'vanished') throw new Error('unreachable');
    const { resourceVersion } = last;
    await bench.tell({ type: 'surveyed', ...bracket, resourceVersion, count: 1 });
    bench.start();
    await bench.caughtUp();
    const history = await bench.as().selectFrom('book.history').select(['member', 'gap']).execute();
    expect(history).toContainEqual({ member: 'web-1', gap: true });
  });
});

/** The book without what differs between two runs: the time of the commits, and the lineage. */
async function bookOf(bench: Bench): Promise<object> {
  const db = bench.as();
  return {
    entries: await db
      .selectFrom('book.entry')
      .select(['sequence', 'stream_sequence', 'part', 'kind'])
      .orderBy('sequence')
      .execute(),
    history: (await db.selectFrom('book.history').selectAll().orderBy('id').execute()).map(
      ({ id, operation, from_size, to_size, member, outcome, gap }) => [
        ...[id, operation, from_size, to_size, member, outcome, gap],
      ],
    ),
    volumes: (await db.selectFrom('book.deleted_volumes').selectAll().execute()).map(
      ({ recorded_at: _recorded, gone_at: _gone, ...volume }) => volume,
    ),
  };
}

/** Lets each batch through to the server, and with each second one cuts the line before the answer. */
async function openDeafProxy(
  target: number,
): Promise<AsyncDisposable & { readonly port: number; readonly cuts: number }> {
  let batches = 0;
  let cuts = 0;
  const proxy = createServer((client) => {
    const upstream = createConnection(target, '127.0.0.1');
    upstream.on('data', (data) => client.write(data));
    upstream.on('close', () => client.destroy());
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    client.on('close', () => upstream.end());
    client.on('data', (data) => {
      upstream.write(data);
      if (!data.includes('with moved as (')) return;
      batches += 1;
      if (batches % 2 === 0) return;
      cuts += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    port,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      proxy.close();
    },
  };
}

describe('faults', () => {
  test('a commit whose answer is lost is neither lost nor repeated', async () => {
    await using bench = await Bench.open();
    const url = new URL(bench.book.urlFor('recorder'));
    await using deaf = await openDeafProxy(Number(url.port));
    url.port = String(deaf.port);
    bench.start(url.href);
    for (const told of scaledIn) {
      await bench.tell(told);
      await bench.caughtUp();
    }
    await using calm = await Bench.open();
    await calm.tell(...scaledIn);
    calm.start();
    await calm.caughtUp();
    expect(deaf.cuts).toBeGreaterThan(3);
    expect(await bookOf(bench)).toEqual(await bookOf(calm));
    expect(await verifyChain(bench.as())).toMatchObject({ whole: true });
  });

  test('a session that is ended at any moment doubles nothing and loses nothing', async () => {
    await using bench = await Bench.open();
    const admin = bench.as();
    bench.start();
    for (const told of scaledIn) {
      await bench.tell(told);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'recorder' and datname = current_database()`.execute(admin);
    }
    await bench.caughtUp();
    await using calm = await Bench.open();
    await calm.tell(...scaledIn);
    calm.start();
    await calm.caughtUp();
    expect(await bookOf(bench)).toEqual(await bookOf(calm));
    expect(await verifyChain(admin)).toMatchObject({ whole: true });
  });

  test('while Postgres is away the recorder waits, and goes on when it is back', async () => {
    await using bench = await Bench.open();
    const url = new URL(bench.book.urlFor('recorder'));
    await using proxy = await startCuttingProxy(Number(url.port));
    url.port = String(proxy.port);
    bench.start(url.href);
    await bench.tell(seen(aPool(1)));
    await bench.caughtUp();
    proxy.block();
    await bench.tell(sawVm('web-0'));
    proxy.unblock();
    await bench.caughtUp();
    const history = await bench.as().selectFrom('book.history').select('outcome').execute();
    expect(history).toEqual([{ outcome: 'done' }]);
  });

  test('a second recorder waits until the first one ends', async () => {
    await using bench = await Bench.open();
    bench.start();
    await bench.tell(seen(aPool(1)));
    await bench.caughtUp();
    const second = new AbortController();
    const store = openStore({
      databaseUrl: bench.book.urlFor('recorder'),
      name: 'second',
    });
    const parts = { store, log: bench.log, logger: silentLogger(), clock: systemClock };
    const running = record({ ...parts, attests: true }, second.signal);
    await bench.stop();
    await bench.tell(sawVm('web-0'));
    await bench.caughtUp();
    second.abort();
    await running;
    await store[Symbol.asyncDispose]();
    expect(await verifyChain(bench.as())).toMatchObject({ whole: true });
  });

  test('another log is told as a broken lineage, and read from its beginning', async () => {
    await using bench = await Bench.open();
    await bench.tell(...scaledIn);
    bench.start();
    await bench.caughtUp();
    await bench.stop();
    const old = bench.log.identity.lineage;
    bench.loseLog();
    await bench.tell(seen(aPool(4)));
    bench.start();
    await bench.caughtUp();
    const reader = bench.as('reader');
    const entries = await reader
      .selectFrom('book.entries')
      .select(['kind', 'body'])
      .where('turn', '=', 1)
      .orderBy('sequence')
      .execute();
    expect(entries.map((entry) => entry.kind).slice(0, 2)).toEqual([
      'lineage-broken',
      'size-changed',
    ]);
    expect(JSON.parse(entries[0]?.body ?? '')).toMatchObject({
      old: { lineage: old },
      new: { lineage: bench.log.identity.lineage },
    });
    expect(await verifyChain(reader)).toMatchObject({ whole: true });
  });

  test('a log that was set back is read again, and nothing is told twice', async () => {
    await using bench = await Bench.open();
    await bench.tell(...scaledIn);
    bench.start();
    await bench.caughtUp();
    await bench.stop();
    const { lineage } = bench.log.identity;
    const told = await bookOf(bench);
    bench.rewindLog();
    expect(bench.log.identity.lineage).toBe(lineage);
    await bench.tell(...scaledIn.slice(0, -4));
    bench.start();
    await bench.caughtUp();
    const reader = bench.as('reader');
    const again = reader.selectFrom('book.entries').select('kind').where('turn', '=', 1);
    expect(await again.execute()).toEqual([{ kind: 'lineage-broken' }]);
    expect({ ...(await bookOf(bench)), entries: [] }).toEqual({ ...told, entries: [] });
    bench.waitAnHour();
    await bench.tell(seen(aPool(7)));
    await bench.caughtUp();
    expect(await again.execute()).toContainEqual({ kind: 'size-changed' });
    expect(await verifyChain(reader)).toMatchObject({ whole: true });
  });

  test('texts that Postgres cannot store do not block the book', async () => {
    await using bench = await Bench.open();
    const because = 'zero \u0000 and a lone \ud800 surrogate';
    await bench.tell(seen(aPool(1, { createdBy: { manager: because, operation: 'Update' } })));
    await bench.tell({
      type: 'held',
      epoch: 1,
      set: poolRef,
      basis: 1,
      reason: 'Contested',
      because,
    });
    bench.start();
    await bench.caughtUp();
    const reader = bench.as('reader');
    const [entry] = await reader
      .selectFrom('book.entries')
      .select('body')
      .where('kind', '=', 'held')
      .execute();
    expect(JSON.parse(entry?.body ?? '')).toMatchObject({ because: expect.stringContaining('\0') });
    expect(await reader.selectFrom('book.holds').select('because').execute()).toEqual([
      { because: 'zero \ufffd and a lone \ufffd surrogate' },
    ]);
    expect(await verifyChain(reader)).toMatchObject({ whole: true });
  });
});

describe('rights', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
    await bench.tell(...scaledIn);
    bench.start();
    await bench.caughtUp();
    await bench.stop();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test.for([
    ['recorder', `update book.entry set kind = 'x'`],
    ['recorder', `delete from book.entry`],
    ['recorder', `truncate book.entry`],
    ['recorder', `alter table book.entry disable trigger append_only`],
    ['recorder', `set session_replication_role = replica`],
    ['recorder', `delete from book.deleted_volume`],
    ['recorder', `delete from book.activity`],
    ['reader', `select * from book.entry`],
    ['reader', `insert into book.take_over select * from book.take_over`],
    ['reader', `delete from book.history`],
    ['executor', `select * from book.position`],
    ['executor', `select * from book.entries`],
    ['executor', `update book.position_of_recorder set sequence = 99`],
    [undefined, `update book.entry set kind = 'x'`],
    [undefined, `delete from book.entry`],
    [undefined, `truncate book.entry`],
  ] as const)('%s may not: %s', async ([role, statement]) => {
    await expect(sql.raw(statement).execute(bench.as(role))).rejects.toMatchObject({
      // Readers are held twice: by their rights, and by transactions that are read-only.
      code: expect.stringMatching(/^(42501|25006)$/),
    });
  });

  test('the executor reads how far the recorder has come', async () => {
    const url = bench.book.urlFor('executor');
    await using position = openRecorderPosition(url);
    const { last } = await bench.log.bounds();
    expect(await position.read()).toEqual({
      lineage: bench.log.identity.lineage,
      sequence: last,
      hash: (await bench.log.at(last))?.hash,
    });
  });

  test('a position that cannot be read is an unavailable book', async () => {
    await using position = openRecorderPosition('postgres://nobody@127.0.0.1:1/none');
    await expect(position.read()).rejects.toMatchObject({ name: 'UnavailableError' });
  });

  test('a server that does not sync is refused', async () => {
    const admin = bench.as();
    const database = new URL(bench.book.urlFor()).pathname.slice(1);
    const lazy = `alter role rollcall_recorder in database ${database} set synchronous_commit = off`;
    await sql.raw(lazy).execute(admin);
    bench.start();
    await expect(bench.finished()).rejects.toThrow(/synchronous_commit off/);
    await sql.raw(lazy.replace(/set .*/, 'reset synchronous_commit')).execute(admin);
  });
});

describe('the chain', () => {
  test.for([
    ['changed', `update book.entry set body = replace(body, 'web', 'WEB') where sequence = 3`, 3],
    ['shifted in time', `update book.entry set at = at + interval '1 us' where sequence = 4`, 4],
    ['removed', `delete from book.entry where sequence = 4`, 4],
    [
      'reordered',
      `update book.entry set sequence = -3 where sequence = 3;
       update book.entry set sequence = 3 where sequence = 4;
       update book.entry set sequence = 4 where sequence = -3`,
      3,
    ],
    [
      'cut off',
      `delete from book.entry where sequence = (select max(sequence) from book.entry)`,
      undefined,
    ],
  ] as const)('shows an entry that was %s behind its triggers', async ([, tampering, firstBad]) => {
    await using bench = await Bench.open();
    await bench.tell(...scaledIn);
    bench.start();
    await bench.caughtUp();
    await bench.stop();
    const admin = bench.as();
    const { rows } = await sql<{ last: number }>`
      select max(sequence) as last from book.entry`.execute(admin);
    await admin.transaction().execute(async (transaction) => {
      await sql`set local session_replication_role = replica`.execute(transaction);
      for (const statement of tampering.split(';')) await sql.raw(statement).execute(transaction);
    });
    expect(await verifyChain(bench.as('reader'))).toMatchObject({
      whole: false,
      firstBad: firstBad ?? rows[0]?.last,
    });
  });
});
