import { expect, test } from 'vitest';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import type { Command } from '#shared/contract/commands.ts';
import type { Job } from './backlog.ts';
import { Order } from './order.ts';

test('a delete waits for the create of its member, and no other command does', async () => {
  const order = new Order();
  const done: string[] = [];
  const creating = Promise.withResolvers<void>();
  const all = [
    order.run(create('web-0'), () => creating.promise.then(() => void done.push('create web-0'))),
    order.run(remove('web-0'), async () => void done.push('delete web-0')),
    order.run(remove('web-1'), async () => void done.push('delete web-1')),
    order.run(create('web-0'), async () => void done.push('create web-0 once more')),
  ];
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual(['create web-0 once more', 'delete web-1']);
  creating.resolve();
  await Promise.all(all);
  expect(done.slice(2)).toEqual(['create web-0', 'delete web-0']);
});

test('a create that fails holds nobody up', async () => {
  const order = new Order();
  const failing = order.run(create('web-0'), () => Promise.reject(new Error('no')));
  const removing = order.run(remove('web-0'), async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await removing).toBe('done');
});

function create(name: string): Job {
  return aJob({ verb: 'create-vm', name, ordinal: 0, revision: 'web-1', ...about });
}

function remove(name: string): Job {
  return aJob({
    verb: 'delete-member',
    member: { name, uid: uid(name) },
    disks: [],
    purpose: 'scale-in',
    ...about,
  });
}

const about = { effect: effectId('0a0b0c0d', { epoch: 1, plan: 1 }, 0), because: 'a test' };

function aJob(command: Command): Job {
  const limits = {
    burst: 1,
    pending: 1,
    massDeleteCount: 1,
    massDeleteShare: 1,
    massDeleteWindowMs: 1,
  };
  const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
  const set = {
    kind: 'VirtualMachinePool',
    namespace: 'default',
    name: 'web',
    uid: uid('web'),
    generation: 1,
  } as const;
  const counts = { desired: 0, active: 0, terminating: 0, ready: 0 };
  const balance = { ...counts, creating: 0, deleting: 0, surplus: 0 };
  const moment = { now: 0, seed: '', limits, policy };
  const plan = {
    type: 'decided',
    epoch: 1,
    plan: 1,
    set,
    mode: 'manage',
    basis: 1,
    because: '',
  } as const;
  const decided = { ...plan, moment, balance, commands: [command] };
  return { command, plan: decided, shard: shardSchema.parse('07'), sequence: 1, at: 0 };
}
