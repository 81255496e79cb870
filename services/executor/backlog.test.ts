import { expect, test } from 'vitest';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import type { Decided, LogRecord, Settled } from '#shared/contract/records.ts';
import { Backlog } from './backlog.ts';

const shard = shardSchema.parse('07');
const set = {
  kind: 'VirtualMachinePool',
  namespace: 'default',
  name: 'web',
  uid: uid('pool-1'),
  generation: 1,
} as const;

function planned(epoch: number, plan: number, names: readonly string[]): Decided {
  return {
    type: 'decided',
    epoch,
    plan,
    set,
    mode: 'manage',
    basis: 1,
    moment: {
      now: 0,
      seed: '',
      limits: {
        burst: 250,
        pending: 500,
        massDeleteCount: 10,
        massDeleteShare: 0.2,
        massDeleteWindowMs: 600_000,
      },
      policy: { mode: 'manage', kubevirtControllers: 'off' },
    },
    because: 'a test',
    balance: {
      desired: 1,
      active: 0,
      terminating: 0,
      ready: 0,
      creating: 0,
      deleting: 0,
      surplus: -1,
    },
    commands: names.map((name, index) => ({
      verb: 'create-vm',
      effect: effectId('0a0b0c0d', { epoch, plan }, index),
      name,
      ordinal: index,
      revision: 'web-1',
      because: 'a test',
    })),
  };
}

function settled(plan: Decided, index: number): Settled {
  const effect = plan.commands[index]?.effect;
  if (effect === undefined) throw new Error('no such command');
  return { type: 'settled', effect, set, verb: 'create-vm', name: 'x', outcome: 'applied' };
}

function at(sequence: number, ...records: readonly LogRecord[]) {
  return { sequence, at: sequence, shard, records };
}

const opened: LogRecord = {
  type: 'opened',
  lineage: '0a0b0c0d',
  codeVersion: 'test',
  holder: 'test',
};

test('starts each command of a plan once', () => {
  const backlog = new Backlog(0);
  const plan = planned(1, 1, ['web-0', 'web-1']);
  backlog.fold(at(1, opened));
  const { ready } = backlog.fold(at(2, plan));
  expect(ready.map((job) => job.command.effect)).toHaveLength(2);
  const [first] = ready;
  expect(first && backlog.start(first.command.effect)).toBe(true);
  expect(first && backlog.start(first.command.effect)).toBe(false);
});

test('does not repeat what an earlier executor has settled', () => {
  const backlog = new Backlog(0);
  const plan = planned(1, 1, ['web-0', 'web-1']);
  backlog.fold(at(1, opened));
  backlog.fold(at(2, plan));
  backlog.fold(at(3, settled(plan, 0)));
  expect(backlog.unstarted().map((job) => job.command.effect)).toEqual([plan.commands[1]?.effect]);
});

test('closes what an older epoch left unstarted, and lets a started call end', () => {
  const backlog = new Backlog(0);
  const plan = planned(1, 1, ['web-0', 'web-1']);
  backlog.fold(at(1, opened));
  const { ready } = backlog.fold(at(2, plan));
  if (ready[0] !== undefined) backlog.start(ready[0].command.effect);
  const { close } = backlog.fold(at(3, opened));
  expect(close.map(({ job, outcome }) => [job.command.effect, outcome])).toEqual([
    [plan.commands[1]?.effect, 'superseded'],
  ]);
});

test('closes withdrawn commands so that nobody starts them', () => {
  const backlog = new Backlog(0);
  const plan = planned(1, 1, ['web-0']);
  backlog.fold(at(1, opened));
  backlog.fold(at(2, plan));
  const effects = plan.commands.map((command) => command.effect);
  const { close } = backlog.fold(at(3, { ...planned(1, 2, []), withdraws: effects }));
  expect(close.map(({ outcome }) => outcome)).toEqual(['withdrawn']);
  expect(effects[0] && backlog.start(effects[0])).toBe(false);
});

test('never starts advice', () => {
  const backlog = new Backlog(0);
  const { ready } = backlog.fold(at(1, { ...planned(0, 1, ['web-0']), mode: 'advise' }));
  expect(ready).toEqual([]);
});

test('keeps its floor below the oldest open decision', () => {
  const backlog = new Backlog(0);
  const first = planned(1, 1, ['web-0']);
  const second = planned(1, 2, ['web-1']);
  backlog.fold(at(1, opened));
  backlog.fold(at(5, first));
  backlog.fold(at(8, second));
  backlog.fold(at(9, settled(second, 0)));
  expect(backlog.floor()).toBe(4);
  backlog.fold(at(10, settled(first, 0)));
  expect(backlog.floor()).toBe(10);
});
