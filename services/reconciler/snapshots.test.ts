import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { shardSchema } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import type { Decider } from './decider.ts';
import { reconcile } from './run.ts';
import { settingsSchema } from './settings.ts';
import { sighting, toy } from './testing/toy-decider.ts';
import type { ToyView } from './testing/toy-decider.ts';
import { comes } from './testing/comes.ts';

const shard = shardSchema.parse('07');
const startedAt = Date.UTC(2026, 0, 1);

test('begins after a clean stop where it was, and decides nothing twice', async () => {
  const broker = aBroker();
  const last = await decideOnce(broker);
  await using second = start(broker);
  await second.ready();
  expect(second.readAfter()).toBeGreaterThanOrEqual(last);
  await broker.open().append(shard, 'fact', sighting('api', 'b'));
  await second.decided(['web a', 'api b']);
});

test('keeps snapshots while it works, and begins there when it was killed', async () => {
  const broker = aBroker();
  const often = { ROLLCALL_SNAPSHOT_RECORDS: '50', ROLLCALL_SNAPSHOT_EACH_SECONDS: '1' };
  const first = start(broker, often);
  await first.ready();
  const stream = broker.open();
  for (let version = 0; version < 60; version += 1) {
    await stream.append(shard, 'fact', sighting('web', `v${version}`));
  }
  await first.says('snapshots kept');
  first.kill();
  await using second = start(broker);
  await second.ready();
  expect(second.readAfter()).toBeGreaterThan(namespaceShards.length);
  await stream.append(shard, 'fact', sighting('api', 'b'));
  const decided = await second.decided(['api b']);
  expect(decided).toHaveLength(new Set(decided).size);
});

test('stamps the snapshots of quiet shards, so that they do not hold the others back', async () => {
  const broker = aBroker();
  await decideOnce(broker);
  const second = start(broker);
  await second.ready();
  const stream = broker.open();
  for (let version = 0; version < 30; version += 1) {
    await stream.append(shard, 'fact', sighting('web', `v${version}`));
  }
  await second.decided(['web v29']);
  await second.stop();
  const { last } = await stream.bounds();
  await using third = start(broker);
  await third.ready();
  expect(third.readAfter()).toBe(last);
});

test('falls back to the older snapshot when the newest is spoiled, and says so', async () => {
  const broker = aBroker();
  await decideOnce(broker);
  const second = start(broker);
  await second.ready();
  await broker.open().append(shard, 'fact', sighting('web', 'b'));
  await second.decided(['web b']);
  await second.stop();
  broker.snapshots.spoil(shard);
  await using third = start(broker);
  await third.ready();
  expect(third.readAfter()).toBeGreaterThan(0);
  expect(third.unused()).toEqual(['not what its head promises']);
  await broker.open().append(shard, 'fact', sighting('api', 'c'));
  expect(await third.decided(['api c'])).toEqual(['web a', 'web b', 'api c']);
});

test('folds the log when both are spoiled', async () => {
  const broker = aBroker();
  await decideOnce(broker);
  broker.snapshots.spoil(shard);
  await using second = start(broker);
  await second.ready();
  expect(second.readAfter()).toBe(0);
  await broker.open().append(shard, 'fact', sighting('api', 'c'));
  expect(await second.decided(['api c'])).toEqual(['web a', 'api c']);
});

test('uses no snapshot of another version', async () => {
  const broker = aBroker();
  await decideOnce(broker);
  await using second = start(broker, {}, { ...toy, snapshotVersion: toy.snapshotVersion + 1 });
  await second.ready();
  expect(second.readAfter()).toBe(0);
  expect(second.unused()).toEqual(['written by another version']);
});

test('uses no snapshot of another log', async () => {
  const before = aBroker();
  await decideOnce(before);
  const { snapshots } = before;
  const after = new MemoryBroker({ now: () => startedAt + 1, snapshots });
  await using second = start(after);
  await second.ready();
  expect(second.readAfter()).toBe(0);
  expect(second.unused()).toEqual(['of another log, or ahead of this one']);
});

test('uses no snapshot that is ahead of a log which came back older', async () => {
  const before = aBroker();
  await decideOnce(before);
  const { snapshots } = before;
  const after = new MemoryBroker({ now: () => startedAt, snapshots });
  expect(after.identity).toEqual(before.identity);
  await after.open().append(shard, 'fact', sighting('web', 'older'));
  await using second = start(after);
  await second.decided(['web older']);
  expect(second.readAfter()).toBe(0);
  expect(second.unused()).toEqual(['of another log, or ahead of this one']);
});

test('uses no snapshot after which records have aged out unread', async () => {
  const broker = aBroker();
  await decideOnce(broker);
  const stream = broker.open();
  await stream.append(shard, 'fact', sighting('web', 'b'));
  await stream.append(shard, 'fact', sighting('api', 'c'));
  const { last } = await stream.bounds();
  broker.ageOut(last - 1);
  await using second = start(broker);
  await second.decided(['api c']);
  expect(second.unused()).toEqual(['records after it have aged out']);
});

test('folds while another holds the lease, and takes over from there', async () => {
  const broker = aBroker();
  const first = start(broker);
  await first.ready();
  await using second = start(broker);
  await broker.open().append(shard, 'fact', sighting('web', 'a'));
  await first.decided(['web a']);
  await comes(() => second.hasRead(sighting('web', 'a')));
  expect(await second.openings()).toBe(namespaceShards.length);
  await first.stop();
  await second.ready();
  await broker.open().append(shard, 'fact', sighting('api', 'b'));
  expect(await second.decided(['api b'])).toEqual(['web a', 'api b']);
});

/** Plans one version of one set and stops; the sequence of the last record then. */
async function decideOnce(broker: MemoryBroker): Promise<number> {
  const first = start(broker);
  await first.ready();
  await broker.open().append(shard, 'fact', sighting('web', 'a'));
  await first.decided(['web a']);
  await first.stop();
  return (await broker.open().bounds()).last;
}

function aBroker(): MemoryBroker {
  return new MemoryBroker({ now: () => startedAt });
}

type Line = { readonly msg: string; readonly because?: string };

function start(
  broker: MemoryBroker,
  env: Readonly<Record<string, string>> = {},
  decider: Decider<ToyView> = toy,
) {
  const lines: Line[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const opened = broker.open();
  const read = vi.spyOn(opened, 'read');
  const seen: string[] = [];
  const watched = {
    ...decider,
    evolve: (...[view, entry]: Parameters<typeof decider.evolve>) => {
      seen.push(...entry.records.map((record) => JSON.stringify(record)));
      return decider.evolve(view, entry);
    },
  };
  // A clock that runs fast: rounds of snapshots are due at once.
  const clock = { ...systemClock, monotonicMs: () => performance.now() * 1_000 };
  const settings = parseSettings(settingsSchema, { NATS_URL: 'nats://127.0.0.1:1', ...env });
  const stop = new AbortController();
  const running = reconcile(
    { stream: opened, log, clock, decider: watched, settings, holder: 'one' },
    stop.signal,
  );
  const ended = running.catch(() => undefined);
  const all = async (): Promise<readonly LogRecord[]> => {
    const { first, last } = await opened.bounds();
    const sequences = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const messages = await Promise.all(sequences.map((sequence) => broker.open().at(sequence)));
    return messages.flatMap((message) => message?.records ?? []);
  };
  const plans = async () =>
    (await all()).flatMap((record) =>
      record.type === 'decided' ? [`${record.set.name} ${record.because}`] : [],
    );
  const says = (text: string) => comes(() => lines.find(({ msg }) => msg === text));
  return {
    says,
    ready: () => says('ready'),
    readAfter: () => read.mock.calls[0]?.[0].after,
    unused: () =>
      lines.filter(({ msg }) => msg === 'snapshots are not used').map(({ because }) => because),
    hasRead: (record: LogRecord) => seen.includes(JSON.stringify(record)),
    openings: async () => (await all()).filter(({ type }) => type === 'opened').length,
    /** All plans in the log, once it ends with these. */
    decided: (ending: readonly string[]) =>
      comes(async () => {
        const found = await plans();
        return found.slice(-ending.length).join() === ending.join() && found;
      }),
    /** Its connection is gone, and nothing of it goes on. */
    kill: () => {
      void opened[Symbol.asyncDispose]();
      stop.abort();
    },
    async stop() {
      stop.abort();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}
