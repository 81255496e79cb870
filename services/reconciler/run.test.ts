import { expect, test } from 'vitest';
import { shardSchema } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { sighting, toy } from './testing/toy-decider.ts';
import { reconcile } from './run.ts';
import { settingsSchema } from './settings.ts';
import { comes } from './testing/comes.ts';

const shard = shardSchema.parse('07');

test('takes every shard over before it decides, and decides what is already there', async () => {
  const broker = aBroker();
  const stream = broker.open();
  await stream.append(shard, 'fact', sighting('web', 'a'));
  await using running = start(broker, 'one');
  await running.decisions(1);
  const records = await running.all();
  const openings = records.filter(({ type }) => type === 'opened');
  expect(openings).toHaveLength(namespaceShards.length);
  expect(records.findIndex(({ type }) => type === 'decided')).toBeGreaterThan(
    records.findLastIndex(({ type }) => type === 'opened'),
  );
});

test('decides once for facts that arrive together, and once more for what comes later', async () => {
  const broker = aBroker();
  await using running = start(broker, 'one');
  await running.opened();
  const stream = broker.open();
  await Promise.all(['a', 'b', 'c'].map((v) => stream.append(shard, 'fact', sighting('web', v))));
  const [first] = await running.decisions(1);
  await stream.append(shard, 'fact', sighting('web', 'd'));
  const decided = await running.decisions(2);
  expect(decided.map(({ because }) => because)).toEqual([first?.because, 'd']);
});

test('makes a decision only on a view that holds the one before', async () => {
  const broker = aBroker();
  await using running = start(broker, 'one');
  await running.opened();
  const stream = broker.open();
  const names = Array.from({ length: 30 }, (_, number) => `set-${number}`);
  await Promise.all(names.map((name) => stream.append(shard, 'fact', sighting(name, 'a'))));
  const decided = await running.decisions(30);
  expect(decided.map(({ plan }) => plan)).toEqual(names.map((_, index) => index + 1));
  expect(new Set(decided.map(({ set }) => set.name)).size).toBe(30);
});

test('folds its own decisions at the next start and makes none twice', async () => {
  const broker = aBroker();
  const stream = broker.open();
  await stream.append(shard, 'fact', sighting('web', 'a'));
  {
    await using first = start(broker, 'one');
    await first.decisions(1);
  }
  await using second = start(broker, 'two');
  await second.opened(2 * namespaceShards.length);
  await stream.append(shard, 'fact', sighting('api', 'b'));
  expect((await second.decisions(2)).map(({ set }) => set.name)).toEqual(['web', 'api']);
});

test('stops when another has taken over, and leaves the deciding to it', async () => {
  const broker = aBroker();
  await using first = start(broker, 'one', { everybodyHasTheLease: true });
  await first.opened();
  await using second = start(broker, 'two', { everybodyHasTheLease: true });
  await expect(first.ended).rejects.toThrow(/another reconciler has taken over shard/);
  await broker.open().append(shard, 'fact', sighting('web', 'a'));
  const [decided] = await second.decisions(1);
  expect(decided?.epoch).toBe((await second.epochs()).at(-1));
});

test('waits for the lease while another has it, and goes on where that one stopped', async () => {
  const broker = aBroker();
  const first = start(broker, 'one');
  await first.opened();
  await using second = start(broker, 'two');
  await broker.open().append(shard, 'fact', sighting('web', 'a'));
  await first.decisions(1);
  expect(await second.epochs()).toHaveLength(1);
  await first[Symbol.asyncDispose]();
  await second.opened(2 * namespaceShards.length);
});

test('looks at a set again when the time has come that its decision named', async () => {
  const broker = aBroker();
  await using running = start(broker, 'one');
  await running.opened();
  await broker.open().append(shard, 'fact', sighting('web', 'later'));
  expect((await running.decisions(1))[0]?.because).toBe('later');
});

test('records no plan that fails its check, and decides for the other sets', async () => {
  const broker = aBroker();
  await using running = start(broker, 'one');
  await running.opened();
  const stream = broker.open();
  await stream.append(shard, 'fact', sighting('web', 'unsound'));
  await stream.append(shard, 'fact', sighting('api', 'a'));
  expect((await running.decisions(1)).map(({ set }) => set.name)).toEqual(['api']);
  const holds = (await running.all()).filter((record) => record.type === 'held');
  expect(holds).toMatchObject([{ reason: 'PlanNotSound', set: { name: 'web' } }]);
});

function aBroker(): MemoryBroker {
  return new MemoryBroker({ now: () => Date.now() });
}

/** A reconciler on a broker, and what can be read of its work. */
function start(broker: MemoryBroker, holder: string, more = { everybodyHasTheLease: false }) {
  const stop = new AbortController();
  const opened = broker.open();
  const free = { lost: new Promise<never>(() => undefined), [Symbol.asyncDispose]: async () => {} };
  const stream: Stream = more.everybodyHasTheLease
    ? { ...opened, leases: { hold: async () => free } }
    : opened;
  const settings = parseSettings(settingsSchema, { NATS_URL: 'nats://127.0.0.1:1' });
  const ended = reconcile(
    { stream, log: silentLogger(), clock: systemClock, decider: toy, settings, holder },
    stop.signal,
  );
  const failed = ended.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  const all = async (): Promise<readonly LogRecord[]> => {
    const { last } = await opened.bounds();
    const messages = Array.from({ length: last }, (_, index) => opened.at(index + 1));
    return (await Promise.all(messages)).flatMap((message) => message?.records ?? []);
  };
  const until = <Value>(read: () => Promise<readonly Value[]>, count: number) =>
    Promise.race([
      failed,
      comes(async () => {
        const found = await read();
        return found.length >= count ? found : undefined;
      }),
    ]);
  const decided = async () => (await all()).filter((record) => record.type === 'decided');
  return {
    ended,
    all,
    decisions: (count: number) => until(decided, count),
    opened: (count: number = namespaceShards.length) =>
      until(async () => (await all()).filter(({ type }) => type === 'opened'), count),
    /** Sequences of the take-overs of the shard that the tests use. */
    async epochs(): Promise<readonly number[]> {
      const { last } = await opened.bounds();
      const messages = await Promise.all(
        Array.from({ length: last }, (_, index) => opened.at(index + 1)),
      );
      return messages
        .filter((message) => message?.shard === shard && message.records[0]?.type === 'opened')
        .map((message) => message?.sequence ?? 0);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended.catch(() => undefined);
    },
  };
}
