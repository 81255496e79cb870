import { afterEach, beforeEach, expect, test } from 'vitest';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { aPool, aRevision, vms } from '#shared/core/testing/objects.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { openStore } from '#shared/store/open-store.ts';
import type { Store } from '#shared/store/open-store.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { until } from '#test/support/until.ts';
import { readBookStanding } from '../../services/cli/book-standing.ts';
import { colorsFor } from '../../services/cli/colors.ts';
import { statusAnswer } from '../../services/cli/status.ts';
import { core } from '../../services/reconciler/decider.ts';
import { reconcile } from '../../services/reconciler/run.ts';
import { settingsSchema } from '../../services/reconciler/settings.ts';
import { record } from '../../services/recorder/record.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase } from './book-database.ts';

/* What cannot be read: seen by the reconciler, told by the recorder, shown on the command line. */

const subject = 'rc.07.fact';
const now = Date.UTC(2026, 0, 1, 12);
const objects = [aPool({ replicas: 2 }), aRevision(), ...vms(0, 4)];

let broker: MemoryBroker;
let book: BookDatabase;
let reader: Store;
let stop: AbortController;
let running: Promise<unknown>[];

beforeEach(async () => {
  broker = new MemoryBroker({ now: () => now });
  book = await createBook();
  reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'test' });
  surveys('first');
});

afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
  await reader[Symbol.asyncDispose]();
  await book[Symbol.asyncDispose]();
});

test('an unreadable record is shown where it stops destruction, until the next whole survey', async () => {
  broker.put(subject, frame({ type: 'vanished', namespace: 'default' }, 'nonsense'));
  start();
  const { table, records } = await standingWhen((text) => text.includes('Poisoned'));
  expect(table).toContain(
    'nothing is destroyed in namespace default, shard 07 for 1h, until the next whole survey',
  );
  expect(table).toMatch(/quarantine +2 unreadable/);
  expect(table).toMatch(/fact \d+ +07 +default +1h ago +stands still/);
  expect(records).toMatchObject({
    held: [{ set: 'vmpool/web', reason: 'Poisoned' }],
    quarantined: [
      { shard: '07', family: 'fact', blocks: true },
      { shard: '07', family: 'fact', blocks: true },
    ],
  });
  expect(await destroyed()).toEqual([]);

  surveys('second', 'VirtualMachine');
  await caughtUp();
  expect((await standing()).table).toContain('2 unreadable');
  expect(await destroyed()).toEqual([]);

  surveys('third');
  const after = await standingWhen((text) => !text.includes('unreadable'));
  expect(after.table).toMatch(/fact \d+ +07 +default +1h ago +goes on, surveyed since/);
  expect(after.records).toMatchObject({ held: [], quarantined: [{ blocks: false }, {}] });
  await until('the surplus to go', async () => (await destroyed()).length === 2);
});

test('a broken frame of a shard says nothing of any namespace', async () => {
  broker.put(subject, Buffer.from('neither JSON nor anything'));
  start();
  const { records } = await standingWhen((text) => text.includes('Poisoned'));
  expect(records).toMatchObject({ blocked: [{ shard: '07', namespace: null, records: 1 }] });
});

test('what it knows of surveys survives a restart of the recorder', async () => {
  broker.put(subject, Buffer.from('neither JSON nor anything'));
  start();
  await standingWhen((text) => text.includes('unreadable'));
  surveys('second', ...kinds.slice(0, 4));
  await caughtUp();
  stop.abort();
  await Promise.allSettled(running);
  start();
  expect((await standing()).table).toContain('1 unreadable');
  surveys('third', ...kinds.slice(4));
  await standingWhen((text) => !text.includes('unreadable'));
});

function start(): void {
  stop = new AbortController();
  const log = silentLogger();
  const clock = systemClock;
  const env = { NATS_URL: 'nats://127.0.0.1:1', ROLLCALL_MODE: 'manage' };
  const settings = parseSettings(settingsSchema, { ...env, ROLLCALL_KUBEVIRT_CONTROLLERS: 'off' });
  const stream = broker.open();
  const parts = { stream, log, clock, decider: core, settings, holder: 'test' };
  const store = openStore({ databaseUrl: book.urlFor('recorder'), name: 'recorder', sessions: 1 });
  running = [reconcile(parts, stop.signal), recordInto(store, stop.signal)];
}

async function recordInto(recorded: Store, signal: AbortSignal): Promise<void> {
  await using store = recorded;
  const logger = silentLogger();
  const clock = systemClock;
  await record({ store, log: broker.open(), logger, clock, attests: false }, signal);
}

async function standing() {
  const bounds = await broker.open().bounds();
  const { lineage } = broker.identity;
  const look = { now: new Date(now + 3_600_000), colors: colorsFor(false) };
  const answer = statusAnswer(
    { book: await readBookStanding(reader.db), log: { reached: true, lineage, bounds } },
    look,
  );
  return { table: answer.table(), records: answer.records };
}

async function standingWhen(isSo: (table: string) => boolean) {
  await until('the status to say so', async () => isSo((await standing()).table));
  return standing();
}

async function caughtUp(): Promise<void> {
  await until('the book to be caught up', async () =>
    (await standing()).table.includes('caught up'),
  );
}

async function destroyed(): Promise<readonly string[]> {
  const stream = broker.open();
  const { last } = await stream.bounds();
  const all = Array.from({ length: last }, (_, index) => stream.at(index + 1));
  return (await Promise.all(all)).flatMap((message) => (message?.records ?? []).flatMap(doomed));
}

function doomed(record: LogRecord): readonly string[] {
  if (record.type !== 'decided') return [];
  return record.commands.flatMap((command) =>
    command.verb === 'delete-member' ? [command.member.name] : [],
  );
}

/** Whole surveys of these kinds, of all when none is named. */
function surveys(id: string, ...only: readonly string[]): void {
  const resourceVersion = resourceVersionSchema.parse('1000');
  for (const kind of kinds.filter((one) => only.length === 0 || only.includes(one))) {
    const seen = objects.filter((object) => object.kind === kind);
    broker.put(
      subject,
      frame(
        { type: 'survey-began', kind, id },
        ...seen.map((object) => ({ type: 'observed', object, survey: id })),
        { type: 'surveyed', kind, id, resourceVersion, count: seen.length },
      ),
    );
  }
}

function frame(...records: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, records }));
}
