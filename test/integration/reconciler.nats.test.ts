import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogRecord } from '#shared/contract/records.ts';
import { shardSchema } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { reconcile } from '../../services/reconciler/run.ts';
import { settingsSchema } from '../../services/reconciler/settings.ts';
import { sighting, toy } from '../../services/reconciler/testing/toy-decider.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';

const log = silentLogger();
const shard = shardSchema.parse('07');

let nats: PrivateNats;
let stream: Stream;

beforeEach(async () => {
  nats = await startPrivateNats();
  await provision(streamSettings(), log);
  stream = await openNatsLog(streamSettings(), log);
});

afterEach(async () => {
  await stream[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

test('turns facts into decisions, each soon after its fact', async () => {
  await using running = await start('one');
  await running.opened(1);
  const took: number[] = [];
  const decisions = stream.read({ after: 64, families: ['decision'] }, AbortSignal.timeout(20_000));
  const next = decisions[Symbol.asyncIterator]();
  for (let version = 0; version < 100; version += 1) {
    const began = performance.now();
    void stream.append(shard, 'fact', sighting('web', `v${version}`));
    const { value } = await next.next();
    took.push(performance.now() - began);
    expect(value?.records[0]).toMatchObject({ type: 'decided', because: `v${version}` });
  }
  // Three hops through a durable log; a poll or a debounce anywhere would show at once.
  expect(took.toSorted((left, right) => left - right)[50]).toBeLessThan(15);
});

test('goes on through a broker that is killed and started again', async () => {
  await using running = await start('one');
  await running.opened(1);
  await nats.kill();
  const away = stream.append(shard, 'fact', sighting('web', 'a'));
  await nats.start();
  await away;
  expect(await decided(1)).toEqual(['web a']);
});

test('makes nothing twice when it starts again', async () => {
  const first = await start('one');
  await first.opened(1);
  await stream.append(shard, 'fact', sighting('web', 'a'));
  await decided(1);
  await first[Symbol.asyncDispose]();
  await using second = await start('two');
  await second.opened(2);
  await stream.append(shard, 'fact', sighting('api', 'b'));
  expect(await decided(2)).toEqual(['web a', 'api b']);
});

test('is taken over by a second one, stops, and leaves no fork', async () => {
  const first = await start('one', { isLeaseIgnored: true });
  await first.opened(1);
  await using second = await start('two', { isLeaseIgnored: true });
  await expect(first.ended).rejects.toThrow(/another reconciler has taken over/);
  await second.opened(2);
  await stream.append(shard, 'fact', sighting('web', 'a'));
  expect(await decided(1)).toEqual(['web a']);
  const plan = (await records()).find((record) => record.type === 'decided');
  const last = await stream.last(shard, 'decision');
  const openings = await openingsOfShard();
  expect(plan).toMatchObject({ epoch: openings[1] });
  expect(last?.sequence).toBeGreaterThan(openings[1] ?? Infinity);
  await first[Symbol.asyncDispose]();
});

test('stops at once when told to while the broker is away', async () => {
  const running = await start('one');
  await running.opened(1);
  await nats.kill();
  await running.isCutOff();
  const began = performance.now();
  await running[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(3_000);
  await nats.start();
});

test('hands over at once when it is stopped', async () => {
  const first = await start('one');
  await first.opened(1);
  await using second = await start('two');
  const began = performance.now();
  await first[Symbol.asyncDispose]();
  await second.opened(2);
  expect(performance.now() - began).toBeLessThan(3_000);
});

/** All records so far, in order. */
async function records(): Promise<readonly LogRecord[]> {
  const { last } = await stream.bounds();
  const found: LogRecord[] = [];
  if (last === 0) return found;
  for await (const message of stream.read({ after: 0 }, AbortSignal.timeout(10_000))) {
    found.push(...message.records);
    if (message.sequence >= last) break;
  }
  return found;
}

async function openingsOfShard(): Promise<readonly number[]> {
  const { last } = await stream.bounds();
  const found: number[] = [];
  for await (const message of stream.read({ after: 0 }, AbortSignal.timeout(10_000))) {
    const isOpening = message.records[0]?.type === 'opened';
    if (message.shard === shard && isOpening) found.push(message.sequence);
    if (message.sequence >= last) break;
  }
  return found;
}

/** Set and reason of the plans, once there are so many. */
async function decided(count: number): Promise<readonly string[]> {
  return await vi.waitUntil(
    async () => {
      const plans = (await records()).filter((record) => record.type === 'decided');
      return plans.length >= count && plans.map((one) => `${one.set.name} ${one.because}`);
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** A reconciler on a connection of its own. */
async function start(holder: string, more = { isLeaseIgnored: false }) {
  const stop = new AbortController();
  const own = await openNatsLog(streamSettings(), log);
  const free = { lost: new Promise<never>(() => undefined), [Symbol.asyncDispose]: async () => {} };
  const settings = parseSettings(settingsSchema, { NATS_URL: nats.url });
  const leases = more.isLeaseIgnored ? { hold: async () => free } : own.leases;
  const ended = reconcile(
    { stream: { ...own, leases }, log, clock: systemClock, decider: toy, settings, holder },
    stop.signal,
  );
  ended.catch(() => undefined);
  return {
    ended,
    /** Waits until so many take-overs of all shards stand in the log. */
    async opened(times: number): Promise<void> {
      await vi.waitUntil(
        async () => {
          const openings = (await records()).filter(({ type }) => type === 'opened');
          return openings.length >= times * namespaceShards.length;
        },
        { timeout: 10_000, interval: 20 },
      );
    },
    /** Waits until its connection has noticed that the broker is gone. */
    async isCutOff(): Promise<void> {
      const asking = own.bounds();
      asking.catch(() => undefined);
      await Promise.race([asking, sleep(100)]);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended.catch(() => undefined);
      await own[Symbol.asyncDispose]();
    },
  };
}

function streamSettings(): StreamSettings {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
