import { beforeEach, expect, test } from 'vitest';
import type { Cluster, ObjectRef, RawObject } from '#shared/cluster/cluster.ts';
import { digestVmTemplate } from '#shared/cluster/template-digest.ts';
import type { Command } from '#shared/contract/commands.ts';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import { modeAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { systemClock } from '#shared/process/clock.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Job } from '../../services/executor/backlog.ts';
import { createHands } from '../../services/executor/hands.ts';
import { perform } from '../../services/executor/perform.ts';
import { aTestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import type { TestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import { loadCrds } from '../../services/sandbox/schema/load-crds.ts';
import { storeCluster } from '../support/store-cluster.ts';

/** Each effect on the sandbox's own store: what it does, and above all what it refuses to do. */

const key = { id: 'k', bytes: new Uint8Array(32) };
const labels = { app: 'web' };
const template = {
  metadata: { labels },
  spec: {
    runStrategy: 'Halted',
    template: { metadata: { labels }, spec: { domain: { devices: {} } } },
  },
};

let world: TestWorld;
let cluster: Cluster;
let pool: RawObject;

beforeEach(async () => {
  world = aTestWorld();
  cluster = storeCluster(world.store);
  for (const crd of loadCrds('deploy/crds')) {
    const made = world.store.handle({
      verb: 'create',
      resource: {
        group: 'apiextensions.k8s.io',
        version: 'v1',
        plural: 'customresourcedefinitions',
      },
      namespace: '',
      caller: { user: 'test', groups: [] },
      fieldManager: 'test',
      body: crd,
    });
    // The world may have brought them along.
    expect([201, 409]).toContain(made.code);
  }
  pool = await make({
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name: 'web', namespace: 'default', finalizers: ['example.com/foreign'] },
    spec: { replicas: 1, selector: { matchLabels: labels }, virtualMachineTemplate: template },
  });
});

async function make(object: RawObject): Promise<RawObject> {
  const made = await cluster.create(object);
  if (!made.ok) throw new Error(`not made: ${JSON.stringify(made.failure)}`);
  return made.value;
}

async function see(kind: string, name: string): Promise<RawObject | undefined> {
  const read = await cluster.read({ kind, namespace: 'default', name });
  return read.ok ? read.value : undefined;
}

async function patchPool(body: RawObject): Promise<void> {
  const patched = await cluster.patch(refOfPool, { type: 'merge', body });
  expect(patched.ok).toBe(true);
}

const refOfPool: ObjectRef = { kind: 'VirtualMachinePool', namespace: 'default', name: 'web' };

let counted = 0;
function jobFor(command: (effect: ReturnType<typeof effectId>) => Command): Job {
  counted += 1;
  const plan = { epoch: 1, plan: counted };
  return {
    shard: shardSchema.parse('07'),
    sequence: counted,
    at: 0,
    command: command(effectId('0a0b0c0d', plan, 0)),
    plan: {
      type: 'decided',
      ...plan,
      set: {
        kind: 'VirtualMachinePool',
        namespace: 'default',
        name: 'web',
        uid: uid(String(pool.metadata?.uid)),
        generation: Number(pool.metadata?.['generation']),
      },
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
      template: digestVmTemplate(template, key),
      commands: [],
    },
  };
}

function perform1(job: Job, over: Cluster = cluster) {
  const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
  return perform(createHands({ cluster: over, key, policy, clock: systemClock }), job, 0);
}

const creation = () =>
  jobFor((effect) => ({
    verb: 'create-vm',
    effect,
    name: 'web-0',
    ordinal: 0,
    revision: 'web-1',
    because: 'a test',
  }));

async function aMember(): Promise<RawObject> {
  expect(await perform1(creation())).toMatchObject({ outcome: 'applied' });
  world.pass(1_000);
  const vm = await see('VirtualMachine', 'web-0');
  if (vm === undefined) throw new Error('the member was not made');
  return vm;
}

const deletion = (victim: string, purpose: 'scale-in' | 'free' = 'scale-in') =>
  jobFor((effect) => ({
    verb: 'delete-member',
    effect,
    member: { name: 'web-0', uid: uid(victim) },
    purpose,
    disks: [],
    because: 'a test',
  }));

const freeing = (victim: string) =>
  jobFor((effect) => ({
    verb: 'free-member',
    effect,
    member: { name: 'web-0', uid: uid(victim) },
    purpose: 'free',
    disks: [],
    because: 'a test',
  }));

function uidOf(object: RawObject | undefined): string {
  return String(object?.metadata?.uid);
}

/** The server does the write, and its answer is lost. */
function losingAnswers(lose: 'create' | 'remove'): Cluster {
  const lost = { ok: false, failure: { kind: 'unclear', code: 0, reason: '', doing: '' } } as const;
  return {
    ...cluster,
    async create(object) {
      const answer = await cluster.create(object);
      return lose === 'create' && answer.ok ? lost : answer;
    },
    async remove(ref, preconditions) {
      const answer = await cluster.remove(ref, preconditions);
      return lose === 'remove' && answer.ok ? lost : answer;
    },
  };
}

test('a create whose answer was lost is found done, not done again', async () => {
  const job = creation();
  expect(await perform1(job, losingAnswers('create'))).toEqual({ again: true });
  expect(await perform1(job)).toMatchObject({ outcome: 'already' });
});

test('a name that somebody else has taken is refused, and the other is left alone', async () => {
  const other = await make({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'web-0', namespace: 'default' },
    spec: template.spec,
  });
  expect(await perform1(creation())).toMatchObject({ outcome: 'refused', reason: 'NameTaken' });
  expect(uidOf(await see('VirtualMachine', 'web-0'))).toBe(uidOf(other));
});

test('no member is made from a spec that has changed since the plan', async () => {
  const job = creation();
  await patchPool({ spec: { virtualMachineTemplate: { spec: { runStrategy: 'Always' } } } });
  expect(await perform1(job)).toEqual({ outcome: 'stale', reason: 'SetChanged' });
});

test.each([
  ['paused', { spec: { paused: true } }, 'SetChanged'],
  ['observed only', { metadata: { annotations: { [modeAnnotation]: 'observe' } } }, 'ModeForbids'],
  [
    'in a mode with a slip',
    { metadata: { annotations: { [modeAnnotation]: 'mange' } } },
    'ModeForbids',
  ],
])('nothing is made or deleted in a set that is %s', async (_, change, reason) => {
  const vm = await aMember();
  await patchPool(change);
  expect(await perform1(creation())).toEqual({ outcome: 'stale', reason });
  const deleted = await perform1(deletion(uidOf(vm)));
  expect(deleted).toMatchObject({ outcome: 'stale' });
  expect(uidOf(await see('VirtualMachine', 'web-0'))).toBe(uidOf(vm));
});

test('a member of another uid is never deleted in place of the one that was meant', async () => {
  const vm = await aMember();
  expect(await perform1(deletion('another-uid'))).toEqual({ outcome: 'already' });
  expect(uidOf(await see('VirtualMachine', 'web-0'))).toBe(uidOf(vm));
});

test('a member that has left the set is not deleted', async () => {
  const vm = await aMember();
  const ref = { kind: 'VirtualMachine', namespace: 'default', name: 'web-0' };
  await cluster.patch(ref, { type: 'merge', body: { metadata: { ownerReferences: null } } });
  world.pass(1_000);
  expect(await perform1(deletion(uidOf(vm)))).toEqual({ outcome: 'stale', reason: 'NotOwned' });
});

test('a scale-in of an older spec is stale', async () => {
  const vm = await aMember();
  const job = deletion(uidOf(vm));
  await patchPool({ spec: { replicas: 3 } });
  expect(await perform1(job)).toEqual({ outcome: 'stale', reason: 'SetChanged' });
});

test('every delete carries the uid and the version that were read', async () => {
  const vm = await aMember();
  const seen: unknown[] = [];
  const watched: Cluster = {
    ...cluster,
    remove(ref, preconditions) {
      seen.push(preconditions);
      return cluster.remove(ref, preconditions);
    },
  };
  const current = await see('VirtualMachine', 'web-0');
  expect(await perform1(deletion(uidOf(vm)), watched)).toMatchObject({ outcome: 'applied' });
  expect(seen).toEqual([{ uid: uidOf(vm), resourceVersion: current?.metadata?.resourceVersion }]);
});

test('a delete whose answer was lost is found done', async () => {
  const vm = await aMember();
  const job = deletion(uidOf(vm));
  expect(await perform1(job, losingAnswers('remove'))).toEqual({ again: true });
  expect(await perform1(job)).toMatchObject({ outcome: 'already' });
});

test('freeing takes our finalizer alone, and only of a member that is terminating', async () => {
  const vm = await aMember();
  const ref = { kind: 'VirtualMachine', namespace: 'default', name: 'web-0' };
  const finalizers = [...finalizersOf(vm), 'example.com/keep'];
  await cluster.patch(ref, { type: 'merge', body: { metadata: { finalizers } } });
  expect(await perform1(freeing(uidOf(vm)))).toEqual({ outcome: 'stale', reason: 'MemberChanged' });
  world.remove('VirtualMachine', 'web-0');
  expect(await perform1(freeing(uidOf(vm)))).toMatchObject({ outcome: 'applied' });
  world.pass(1_000);
  expect(finalizersOf(await see('VirtualMachine', 'web-0'))).toEqual(['example.com/keep']);
});

test('securing a pool keeps the finalizers of others', async () => {
  const job = jobFor((effect) => ({ verb: 'secure-set', effect, because: 'a test' }));
  expect(await perform1(job)).toMatchObject({ outcome: 'applied' });
  expect(finalizersOf(await see('VirtualMachinePool', 'web'))).toEqual([
    'example.com/foreign',
    poolFinalizer,
  ]);
  expect(await perform1(job)).toMatchObject({ outcome: 'already' });
});

test('a pool that nobody deleted is not retired', async () => {
  const job = jobFor((effect) => ({ verb: 'retire-set', effect, disks: [], because: 'a test' }));
  expect(await perform1(job)).toEqual({ outcome: 'stale', reason: 'SetChanged' });
});

test('a status write tells which fields the cluster has kept', async () => {
  const job = jobFor((effect) => ({
    verb: 'write-status',
    effect,
    status: { replicas: 1, readyReplicas: 0 },
    because: 'a test',
  }));
  expect(await perform1(job)).toMatchObject({
    outcome: 'applied',
    returned: ['replicas', 'readyReplicas'],
  });
  const status = (await see('VirtualMachinePool', 'web'))?.['status'];
  expect(isRecord(status) && status['replicas']).toBe(1);
});

function finalizersOf(object: RawObject | undefined): readonly unknown[] {
  const finalizers = object?.metadata?.['finalizers'];
  return Array.isArray(finalizers) ? finalizers : [];
}
