import { expect, test } from 'vitest';
import { resourceVersionSchema, shardSchema } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { aPool, aRevision, vms } from '#shared/core/testing/objects.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { newestWish } from '#shared/stream/survey-wish.ts';
import { core } from './decider.ts';
import type { Memory } from './footing.ts';
import { reconcile } from './run.ts';
import { settingsSchema } from './settings.ts';
import { comes } from './testing/comes.ts';

const shard = shardSchema.parse('07');
const subject = 'rc.07.fact';

test('after older records have aged out, nothing is destroyed for 10 minutes of log time', async () => {
  const world = aWorld();
  world.surveys('first');
  world.broker.ageOut(await world.length());
  world.surveys('second');
  await using running = world.start();
  expect(await running.told()).toBe('AgedOut');
  world.passMs(9 * 60_000);
  world.surveys('third');
  expect(await running.destroyed()).toEqual([]);
  world.passMs(61_000);
  world.surveys('fourth');
  expect(await running.destroys(2)).toEqual(['web-3', 'web-2']);
});

test.each([
  ['a broken frame of the shard', 'neither JSON nor anything'],
  ['a broken record of the namespace', aFrame({ type: 'vanished', namespace: 'default' })],
])('%s stops destruction until every kind is surveyed again', async (_, text) => {
  const world = aWorld();
  world.surveys('first');
  world.broker.put(subject, Buffer.from(text));
  await using running = world.start();
  expect(await running.told()).toBe('Poisoned');
  expect(await running.destroyed()).toEqual([]);
  world.surveys('second');
  expect(await running.destroys(2)).toEqual(['web-3', 'web-2']);
});

test('after the log was set back, nothing is done before every kind was surveyed since', async () => {
  const world = aWorld();
  world.surveys('first');
  const kept = await world.length();
  const memory: Memory = {};
  {
    await using before = world.start(memory);
    await before.destroys(2);
  }
  world.broker.setBack(kept);
  world.passMs(1_000);
  await using running = world.start(memory);
  await running.openedTimes(1);
  // It is told after a minute, when next something is heard.
  world.passMs(61_000);
  world.begins('second');
  expect(await running.told()).toBe('Unsynced');
  expect(await running.destroyed()).toEqual([]);
  world.surveys('third');
  expect(await running.destroys(2)).toEqual(['web-3', 'web-2']);
});

test('whoever finds the log set back wishes for surveys before it takes over, and nobody else does', async () => {
  const world = aWorld();
  world.surveys('first');
  const { positions } = world.broker.open();
  const memory: Memory = {};
  const kept = await world.length();
  {
    await using before = world.start(memory);
    await before.destroys(2);
  }
  expect(await newestWish(positions)).toBeUndefined();
  world.broker.setBack(kept);
  world.passMs(1_000);
  await using running = world.start(memory);
  await running.openedTimes(1);
  const { lineage } = world.broker.identity;
  expect(await newestWish(positions)).toBe(`${lineage}/${kept + 1}/one`);
});

test('a broken record of another namespace stops nothing here', async () => {
  const world = aWorld();
  world.surveys('first');
  const record = { type: 'vanished', namespace: 'elsewhere' };
  world.broker.put(subject, Buffer.from(aFrame(record)));
  await using running = world.start();
  expect(await running.destroys(2)).toEqual(['web-3', 'web-2']);
});

test('what was unreadable before a restart still stops destruction after it', async () => {
  const world = aWorld();
  world.surveys('first');
  world.broker.put(subject, Buffer.from('neither JSON nor anything'));
  {
    await using first = world.start();
    expect(await first.told()).toBe('Poisoned');
  }
  await using second = world.start();
  await second.openedTimes(2);
  expect(await second.destroyed()).toEqual([]);
  world.surveys('second');
  expect(await second.destroys(2)).toEqual(['web-3', 'web-2']);
});

function aFrame(record: object): string {
  return JSON.stringify({ v: 1, records: [record] });
}

/** A pool of two that has four members, and a log whose time is ours. */
function aWorld() {
  let passedMs = 0;
  const broker = new MemoryBroker({ now: () => Date.UTC(2026, 0, 1) + passedMs });
  const objects = [aPool({ replicas: 2 }), aRevision(), ...vms(0, 4)];
  let version = 1_000;
  const say = (...records: readonly LogRecord[]): void => {
    broker.put(subject, Buffer.from(JSON.stringify({ v: 1, records })));
  };
  return {
    broker,
    passMs: (ms: number) => void (passedMs += ms),
    length: async () => (await broker.open().bounds()).last,
    begins: (id: string) => say({ type: 'survey-began', kind: 'VirtualMachine', id }),
    surveys(id: string): void {
      version += 1;
      for (const kind of kinds) {
        say(
          ...survey(
            kind,
            objects.filter((object) => object.kind === kind),
            { id, version },
          ),
        );
      }
    },
    start(memory: Memory = {}) {
      const env = { NATS_URL: 'nats://127.0.0.1:1', ROLLCALL_MODE: 'manage' };
      const off = { ROLLCALL_KUBEVIRT_CONTROLLERS: 'off' };
      const settings = parseSettings(settingsSchema, { ...env, ...off });
      const stop = new AbortController();
      const clock = { ...systemClock, monotonicMs: () => passedMs };
      const log = silentLogger();
      const stream = broker.open();
      const ended = reconcile(
        { stream, log, clock, decider: core, settings, holder: 'one', memory },
        stop.signal,
      );
      ended.catch(() => undefined);
      return { ...readerOf(broker), [Symbol.asyncDispose]: async () => (stop.abort(), ended) };
    },
  };
}

function survey(
  kind: Observable['kind'],
  seen: readonly Observable[],
  { id, version }: { readonly id: string; readonly version: number },
): readonly LogRecord[] {
  const resourceVersion = resourceVersionSchema.parse(`${version}`);
  return [
    { type: 'survey-began', kind, id },
    ...seen.map((object) => ({ type: 'observed', object, survey: id }) as const),
    { type: 'surveyed', kind, id, resourceVersion, count: seen.length },
  ];
}

/** What a reconciler has written. */
function readerOf(broker: MemoryBroker) {
  const stream = broker.open();
  const records = async (): Promise<readonly LogRecord[]> => {
    const { first, last } = await stream.bounds();
    const sequences = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const messages = await Promise.all(sequences.map((sequence) => stream.at(sequence)));
    return messages.flatMap((message) => message?.records ?? []);
  };
  const destroyed = async (): Promise<readonly string[]> =>
    (await records()).flatMap((record) =>
      record.type === 'decided'
        ? record.commands.flatMap((command) =>
            command.verb === 'delete-member' ? [command.member.name] : [],
          )
        : [],
    );
  return {
    destroyed,
    told: () =>
      comes(async () => (await records()).find(({ type }) => type === 'held')).then((held) =>
        held?.type === 'held' ? held.reason : undefined,
      ),
    destroys: (count: number) =>
      comes(async () => {
        const names = await destroyed();
        return names.length >= count && names;
      }),
    openedTimes: (times: number) =>
      comes(async () => {
        const openings = await stream.last(shard, 'decision');
        const all = (await records()).filter(({ type }) => type === 'opened');
        return openings !== undefined && all.length >= times * 64;
      }),
  };
}
