import { expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import type { Attributed } from '#shared/contract/records.ts';
import { systemClock } from '#shared/process/clock.ts';
import type { LogCondition } from '#shared/stream/condition.ts';
import type { Stored } from '#shared/stream/log.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { shardOf } from '#shared/stream/shards.ts';
import { Intake } from './intake.ts';

const clusterId = uid('cluster-uid');

function aRecord(namespace = 'shop'): Attributed {
  return {
    type: 'attributed',
    source: 'audit',
    id: 'request',
    verb: 'patch',
    object: { kind: 'VirtualMachinePool', namespace, name: 'web', uid: uid('web-uid') },
    user: 'alice',
    groups: [],
    receivedAt: '2026-11-21T04:00:00.123456Z',
    answeredAt: '2026-11-21T04:00:00.130000Z',
  };
}

/** A log that stores when the test says so. */
function aSlowLog(condition: Partial<LogCondition> = {}) {
  const waiting: (() => void)[] = [];
  return {
    storeAll: () => waiting.splice(0).forEach((store) => store()),
    log: {
      condition: (): LogCondition => ({ last: 0, share: 0, ...condition }),
      append: () =>
        new Promise<Stored>((resolve) => {
          waiting.push(() => resolve({ stored: true, sequence: 1 }));
        }),
    },
  };
}

const patient = { clusterId, clock: systemClock, mostInFlight: 3, patienceMs: 60_000 };

test('what is taken stands in the log, each record in the shard of its namespace', async () => {
  const log = new MemoryBroker({ now: () => 0 }).open();
  const intake = new Intake({ ...patient, log });
  expect(await intake.take([aRecord('shop'), aRecord('demo')])).toBe('stored');
  for (const namespace of ['shop', 'demo']) {
    const stored = await log.last(shardOf(clusterId, namespace), 'intake');
    expect(stored?.records).toEqual([aRecord(namespace)]);
  }
});

test('nothing is said to be stored before the log has acknowledged it', async () => {
  const { log, storeAll } = aSlowLog();
  const intake = new Intake({ ...patient, log });
  let answer: string | undefined;
  const taking = intake.take([aRecord()]).then((taken) => (answer = taken));
  await Promise.resolve();
  expect([answer, intake.inFlight]).toEqual([undefined, 1]);
  storeAll();
  await taking;
  expect([answer, intake.inFlight]).toEqual(['stored', 0]);
});

test('beyond what may be under way senders are told to come again', async () => {
  const { log, storeAll } = aSlowLog();
  const intake = new Intake({ ...patient, log });
  const first = intake.take([aRecord(), aRecord()]);
  expect(await intake.take([aRecord(), aRecord()])).toBe('busy');
  storeAll();
  expect(await first).toBe('stored');
});

test('a delivery larger than the limit passes when it is alone', async () => {
  const { log, storeAll } = aSlowLog();
  const taking = new Intake({ ...patient, log }).take([1, 2, 3, 4].map(() => aRecord()));
  storeAll();
  expect(await taking).toBe('stored');
});

test('a log under strain takes nothing, and one that does not answer is not waited for', async () => {
  const strained = aSlowLog({ strain: 'the log is 81 % full' });
  expect(await new Intake({ ...patient, log: strained.log }).take([aRecord()])).toBe('refused');
  const silent = aSlowLog();
  const hasty = new Intake({ ...patient, log: silent.log, patienceMs: 5 });
  expect(await hasty.take([aRecord()])).toBe('refused');
  expect(hasty.inFlight).toBe(1);
});
