import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Decided } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { shardOf } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { core } from '../../services/reconciler/decider.ts';
import { reconcile } from '../../services/reconciler/run.ts';
import { settingsSchema } from '../../services/reconciler/settings.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';
import { aReplicaSet, emptySurveys, theVmiOf } from './replica-set-facts.ts';

const log = silentLogger();
const shard = shardOf('cluster', 'demo');

let nats: PrivateNats;
let stream: Stream;

beforeEach(async () => {
  nats = await startPrivateNats();
  await provision(streamSettings(), log);
  stream = await openNatsLog(streamSettings(), log);
  for (const record of emptySurveys()) await stream.append(shard, 'fact', record);
});

afterEach(async () => {
  await stream[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

test('plans what is missing, and no more while that is on its way', async () => {
  await using running = await start();
  await stream.append(shard, 'fact', aReplicaSet({ name: 'web', replicas: 2, version: 10 }));
  const [first] = await plans(1);
  expect(verbsOf(first)).toEqual(['create-vmi', 'create-vmi']);
  await stream.append(shard, 'fact', aReplicaSet({ name: 'web', replicas: 3, version: 11 }));
  const [, second] = await plans(2);
  expect(verbsOf(second)).toEqual(['create-vmi']);
  expect(running).toBeDefined();
});

test('remembers after a restart what is on its way, and orders it no second time', async () => {
  {
    await using running = await start();
    await stream.append(shard, 'fact', aReplicaSet({ name: 'web', replicas: 2, version: 10 }));
    await plans(1);
    expect(running).toBeDefined();
  }
  await using again = await start();
  await stream.append(shard, 'fact', aReplicaSet({ name: 'api', replicas: 1, version: 11 }));
  const [first, second] = await plans(2);
  expect(first?.set.name).toBe('web');
  expect(second?.set.name).toBe('api');
  expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Infinity);
  expect(again).toBeDefined();
});

test('replaces a member that vanished', async () => {
  await using running = await start();
  await stream.append(shard, 'fact', aReplicaSet({ name: 'web', replicas: 1, version: 10 }));
  const [first] = await plans(1);
  const command = first?.commands[0];
  if (command?.verb !== 'create-vmi') throw new Error('no VMI was ordered');
  const sighting = theVmiOf(command, { name: 'web', version: 11 });
  if (sighting.type !== 'observed') throw new Error('not a sighting');
  await stream.append(shard, 'fact', sighting);
  const { kind, meta } = sighting.object;
  const { namespace, name, uid, resourceVersion } = meta;
  await stream.append(shard, 'fact', {
    type: 'vanished',
    kind,
    namespace,
    name,
    uid,
    resourceVersion,
  });
  const creates = await creations(2);
  expect(new Set(creates).size).toBe(2);
  expect(running).toBeDefined();
});

/** The plans that hold creates, once there are so many. */
async function plans(count: number): Promise<readonly Decided[]> {
  const found: Decided[] = [];
  const limit = AbortSignal.timeout(15_000);
  for await (const message of stream.read({ after: 0, families: ['decision'] }, limit)) {
    for (const record of message.records) {
      if (record.type === 'decided' && verbsOf(record).length > 0) found.push(record);
    }
    if (found.length >= count) return found;
  }
  throw new Error(`only ${found.length} of ${count} plans came`);
}

/** Names of the VMIs ordered, once there are so many. */
async function creations(count: number): Promise<readonly string[]> {
  const found = await plans(count);
  return found.flatMap(({ commands }) =>
    commands.flatMap((command) => (command.verb === 'create-vmi' ? [command.name] : [])),
  );
}

function verbsOf(plan: Decided | undefined): readonly string[] {
  return (plan?.commands ?? []).map(({ verb }) => verb).filter((verb) => verb === 'create-vmi');
}

/** A reconciler with the real core, which manages everything. */
async function start(): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const own = await openNatsLog(streamSettings(), log);
  const settings = parseSettings(settingsSchema, {
    NATS_URL: nats.url,
    ROLLCALL_MODE: 'manage',
    ROLLCALL_KUBEVIRT_CONTROLLERS: 'off',
  });
  const ended = reconcile(
    { stream: own, log, clock: systemClock, decider: core, settings, holder: crypto.randomUUID() },
    stop.signal,
  );
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      await own[Symbol.asyncDispose]();
    },
  };
}

function streamSettings(): StreamSettings {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
