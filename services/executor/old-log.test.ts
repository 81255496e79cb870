import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import type { Decided, Settled } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { FakeCluster } from '#test/support/fake-cluster.ts';
import { BookGate } from './book-gate.ts';
import { createHands } from './hands.ts';
import { Lane } from './lane.ts';
import { execute } from './run.ts';

const shard = shardSchema.parse('07');
const hour = 3_600_000;
const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
const limits = {
  ...{ burst: 250, pending: 500, massDeleteCount: 10, massDeleteShare: 0.2 },
  massDeleteWindowMs: 600_000,
};

test('of a log that came back hours older nothing is executed, and the outcome says why', async () => {
  expect(await outcomeAfter(3 * hour)).toBe('expired');
});

test('what an executor before us left a moment ago is executed', async () => {
  // The pool is not there: it was looked for.
  expect(await outcomeAfter(1_000, 'secure-set')).toBe('stale');
});

test('a create that was left a moment ago is looked for, and never made again', async () => {
  expect(await outcomeAfter(1_000, 'create-vm')).toBe('expired');
});

type Verb = 'create-vm' | 'secure-set';

/** What becomes of a command that stands at the end of the log, written so long ago. */
async function outcomeAfter(ageMs: number, verb: Verb = 'create-vm'): Promise<Settled['outcome']> {
  let now = Date.now() - ageMs;
  const broker = new MemoryBroker({ now: () => now });
  await using stream = broker.open();
  const { lineage } = stream.identity;
  const opened = { type: 'opened', lineage, codeVersion: 'test', holder: 'test' } as const;
  await stream.appendDecision(shard, opened, 0);
  await stream.appendDecision(shard, aPlan(lineage, verb), 1);
  now = Date.now();
  const stop = new AbortController();
  const running = execute(partsOn(stream), stop.signal);
  try {
    for await (const message of stream.read({ after: 2 }, stop.signal)) {
      for (const record of message.records) if (record.type === 'settled') return record.outcome;
    }
    throw new Error('nothing was settled');
  } finally {
    stop.abort();
    await running.catch(() => undefined);
  }
}

function partsOn(stream: Stream): Parameters<typeof execute>[0] {
  const key = digestKeyOf(Buffer.alloc(32));
  const clock = systemClock;
  const log = silentLogger();
  return {
    stream,
    hands: createHands({ cluster: new FakeCluster(), key, policy, clock }),
    gate: new BookGate({ stream, read: async () => undefined, clock, log }),
    lanes: { creates: new Lane(2), others: new Lane(2), notices: new Lane(1) },
    clock,
    log,
  };
}

function aPlan(lineage: string, verb: Verb): Decided {
  const about = { effect: effectId(lineage, { epoch: 1, plan: 1 }, 0), because: 'a test' };
  const vm = { name: 'web-0', ordinal: 0, revision: 'web-1' };
  const set = {
    kind: 'VirtualMachinePool',
    namespace: 'default',
    name: 'web',
    uid: uid('pool-1'),
    generation: 1,
  } as const;
  return {
    ...{ type: 'decided', epoch: 1, plan: 1, set, mode: 'manage', basis: 1, because: 'a test' },
    moment: { now: 0, seed: '', limits, policy },
    balance: {
      ...{ desired: 1, active: 0, terminating: 0, ready: 0 },
      ...{ creating: 0, deleting: 0, surplus: -1 },
    },
    commands: [verb === 'create-vm' ? { verb, ...vm, ...about } : { verb, ...about }],
  };
}
