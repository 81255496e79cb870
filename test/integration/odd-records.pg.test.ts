import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Attributed, LogRecord } from '#shared/contract/records.ts';
import { resourceVersionSchema, uidSchema } from '#shared/contract/ids.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openStore } from '#shared/store/open-store.ts';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { oddAuditEvents } from '#test/support/audit-events.ts';
import { madeOdd } from '#test/support/odd-json.ts';
import { auditSource } from '../../services/gateway/who/audit.ts';
import { record } from '../../services/recorder/record.ts';
import { samples } from '../../services/watcher/testing/samples.ts';
import { trim } from '../../services/watcher/trim/trim.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase } from './book-database.ts';
import { aPool, seen, shard } from './book-story.ts';

/* Nothing that the gateway or the watcher lets into the log may ever stop the book. */

test('every audit event that passes the door can be written', async () => {
  const events = fc.sample(oddAuditEvents, { numRuns: 2_000, seed: 7 });
  const { records, left } = auditSource.read({ items: events });
  expect(records.length).toBeGreaterThan(1_000);
  expect(left.size).toBeGreaterThan(2);
  await using book = await createBook();
  const log = new MemoryBroker({ now: () => Date.UTC(2026, 10, 21, 4) }).open();
  await tell(log, [...[2, 3, 4].map((size) => seen(aPool(size))), ...records.map(apart)]);
  await writeAll(book, log);
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  const rows = await store.db.selectFrom('book.attributions').select('entry').execute();
  expect(rows.length).toBeGreaterThan(records.length / 2);
  expect(await store.db.selectFrom('book.quarantined').selectAll().execute()).toEqual([]);
  expect(await verifyChain(store.db)).toMatchObject({ whole: true });
});

test('every object that the watcher tells of can be written', async () => {
  const key = digestKeyOf(Buffer.alloc(32, 1));
  const objects = kinds.flatMap((kind) =>
    fc
      .sample(madeOdd(fc.constant(samples[kind])), { numRuns: 300, seed: 7 })
      .flatMap((raw): LogRecord[] => {
        try {
          return [seen(trim(kind, isRecord(raw) ? raw : {}, key))];
        } catch (error) {
          // Without identity or version: no API server sends it.
          if (error instanceof RefusalError) return [];
          throw error;
        }
      }),
  );
  expect(objects.length).toBeGreaterThan(1_500);
  await using book = await createBook();
  const log = new MemoryBroker({ now: () => Date.UTC(2026, 10, 21, 4) }).open();
  await tell(log, objects.map(anew));
  await writeAll(book, log);
  await using store = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  expect(await store.db.selectFrom('book.quarantined').selectAll().execute()).toEqual([]);
});

/** Of one request, and of one version, only the first few tellings are kept: these are others each. */
function apart(told: Attributed, index: number): Attributed {
  const { object, verb } = told;
  const isRemoval = verb === 'delete' || verb === 'deletecollection';
  const isRepeated = object.resourceVersion === '812';
  return {
    ...told,
    id: index % 2 === 0 ? told.id : `${told.id}-${index}`,
    object: {
      ...object,
      ...(isRemoval && { uid: uidSchema.parse(`${object.uid.slice(0, 200)}-${index}`) }),
      ...(isRepeated && { resourceVersion: resourceVersionSchema.parse(String(812 + index)) }),
    },
  };
}

/** Each a new version, and every second one another object. */
function anew(told: LogRecord, index: number): LogRecord {
  if (told.type !== 'observed') return told;
  const { meta } = told.object;
  const resourceVersion = resourceVersionSchema.parse(String(10_000 + index));
  const uid = index % 2 === 0 ? meta.uid : uidSchema.parse(`${meta.uid.slice(0, 200)}-${index}`);
  const next = { ...told.object, meta: { ...meta, resourceVersion, uid } };
  return { ...told, object: next };
}

async function tell(log: Stream, records: readonly LogRecord[]): Promise<void> {
  await Promise.all(
    records.map((one) => log.append(shard, one.type === 'attributed' ? 'intake' : 'fact', one)),
  );
}

/** Twice from the start of a recorder: what was written is also read back. */
async function writeAll(book: BookDatabase, log: Stream): Promise<void> {
  await recordAll(book, log);
  await tell(log, [seen(aPool(9))]);
  await recordAll(book, log);
}

async function recordAll(book: BookDatabase, log: Stream): Promise<void> {
  await using store = openStore({
    databaseUrl: book.urlFor('recorder'),
    name: 'recorder',
    sessions: 1,
  });
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const parts = { store, log, logger: silentLogger(), clock: systemClock, attests: false };
  const recording = record({ ...parts, onReady: ready.resolve }, stop.signal);
  await Promise.race([ready.promise, recording]);
  stop.abort();
  await recording;
}
