import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Fact, LogRecord } from '#shared/contract/records.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { freePort } from '#test/support/free-port.ts';
import { until } from '#test/support/until.ts';
import { Outbox } from '../../services/watcher/outbox.ts';
import { trim } from '../../services/watcher/trim/trim.ts';
import { aFact, anOpening, aShard, take } from './log-records.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';
import { limitsOf, provisioned } from './stream-limits.ts';
import type { StreamLimits } from './stream-limits.ts';

/* One service and a broker that refuses what is over a limit. */

const log = silentLogger();
const shard = shardSchema.parse('07');

let nats: PrivateNats;
let settings: StreamSettings;
let limits: StreamLimits;

beforeEach(async () => {
  nats = await startPrivateNats();
  settings = await provisioned(nats);
  limits = limitsOf(nats.url);
});

afterEach(() => nats[Symbol.asyncDispose]());

test('facts that the log refuses are kept: of each object the newest, and every change of size', async () => {
  await using stream = await openNatsLog(settings, log);
  const outbox = new Outbox((at, fact) => stream.append(at, 'fact', fact), {
    inFlight: 4,
    held: 50,
  });
  await limits.limit(2);
  for (let version = 1; version <= 1_000; version += 1) {
    outbox.tell(shard, aPoolAt({ uid: `pool-${version % 5}`, version }));
  }
  await until('the refusal to be known', () => stream.condition().strain !== undefined);
  await limits.limit(-1);
  await outbox.drained();
  const told = (await recordsOf(settings)).filter((record) => record.type === 'observed');
  const ofOne = (uid: string) => told.filter((record) => record.object.meta.uid === uid);
  for (const uid of ['pool-0', 'pool-1', 'pool-2', 'pool-3', 'pool-4']) {
    const versions = ofOne(uid).map(({ object }) => Number(object.meta.resourceVersion));
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    expect(versions.at(-1)).toBeGreaterThan(995);
    const sizes = ofOne(uid).map(({ object }) => 'replicas' in object && object.replicas);
    expect([...new Set(sizes)]).toEqual([1, 2, 3, 4]);
  }
  expect(outbox.merged).toBeGreaterThan(900);
  expect(told.length + outbox.merged).toBe(1_000);
});

test('a decision that the log refuses is stored once when there is room', async () => {
  await using stream = await openNatsLog(settings, log);
  for (let number = 0; number < 3; number += 1) {
    await stream.append(shard, 'fact', aFact(`vm-${number}`));
  }
  await limits.limit(3);
  const deciding = stream.appendDecision(aShard(3), anOpening('one'), 0);
  await until('the refusal to be known', () => stream.condition().strain !== undefined);
  await limits.limit(-1);
  expect(await deciding).toEqual({ stored: true, sequence: 4 });
  expect(await stream.bounds()).toEqual({ first: 1, last: 4 });
  expect(stream.condition().strain).toBeUndefined();
});

test('a process says over HTTP that it is not ready while the log is nearly full', async () => {
  const port = await freePort();
  const child = spawn(process.execPath, [reconciler], {
    env: {
      ROLLCALL_CLUSTER: 'test',
      NATS_URL: nats.url,
      NATS_MONITOR_URL: nats.monitorUrl,
      ROLLCALL_HEALTH_PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface(child.stdout)) if (line.includes('"ready"')) break;
    child.stdout.resume();
    const ready = `http://127.0.0.1:${port}/readyz`;
    expect(await answerOf(ready)).toMatchObject({ status: 200, ready: true, phase: 'active' });
    await limits.limit(Math.floor((await limits.messages()) / 0.9));
    await until('the process not to be ready', async () => (await fetch(ready)).status === 503);
    expect(await answerOf(ready)).toMatchObject({
      ready: false,
      reasons: [{ check: 'log', because: expect.stringMatching(/^the log is \d+ % full$/) }],
    });
    expect(await answerOf(`http://127.0.0.1:${port}/healthz`)).toMatchObject({ status: 200 });
    await limits.limit(-1);
    await until('the process to be ready', async () => (await fetch(ready)).status === 200);
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
});

const reconciler = fileURLToPath(new URL('../../services/reconciler/main.ts', import.meta.url));

/** A pool that asks for another size four times in a thousand versions. */
function aPoolAt({ uid, version }: { readonly uid: string; readonly version: number }): Fact {
  const metadata = {
    name: uid,
    namespace: 'shop',
    uid,
    resourceVersion: String(version),
    generation: 1,
  };
  const spec = { replicas: Math.ceil(version / 250), selector: {}, virtualMachineTemplate: {} };
  const key = digestKeyOf(Buffer.alloc(32));
  return { type: 'observed', object: trim('VirtualMachinePool', { metadata, spec }, key) };
}

async function recordsOf(of: StreamSettings): Promise<readonly LogRecord[]> {
  await using stream = await openNatsLog(of, log);
  const { last } = await stream.bounds();
  return (await take(stream, last)).flatMap((message) => message.records);
}

async function answerOf(url: string): Promise<object> {
  const response = await fetch(url);
  const body: unknown = await response.json();
  return { status: response.status, ...(typeof body === 'object' ? body : {}) };
}
