import { effectId, resourceVersionSchema, shardSchema, uid } from '#shared/contract/ids.ts';
import type { EffectId, Uid } from '#shared/contract/ids.ts';
import type { EndangeredDisk, Purpose, SetRef } from '#shared/contract/commands.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Meta, Owner, Pool, ReplicaSet } from '#shared/contract/objects.ts';
import type { Decided, LogRecord, Outcome } from '#shared/contract/records.ts';

/* Records for tests of the book: only what a test is about is spelled out. */

export const shard = shardSchema.parse('07');
export const began = Date.parse('2026-11-21T04:00:00Z');

let version = 100;

/** Each sighting is newer than the one before. */
function nextVersion(): Meta['resourceVersion'] {
  version += 1;
  return resourceVersionSchema.parse(String(version));
}

export function currentVersion(): Meta['resourceVersion'] {
  return resourceVersionSchema.parse(String(version));
}

function aMeta(name: string, given: Partial<Meta> = {}): Meta {
  return {
    namespace: 'demo',
    name,
    uid: uid(`${name}-uid`),
    resourceVersion: nextVersion(),
    createdAt: new Date(began + 1_000).toISOString(),
    labels: {},
    annotations: {},
    finalizers: [],
    owners: [],
    ...given,
  };
}

const terminating = { deletedAt: new Date(began + 9_000).toISOString() };

export function aPool(
  replicas: number,
  given: Partial<Pool> & { readonly deleting?: boolean; readonly createdAt?: string } = {},
): Pool {
  const { deleting = false, createdAt, ...fields } = given;
  return {
    kind: 'VirtualMachinePool',
    meta: aMeta('web', {
      ...(deleting ? terminating : {}),
      ...(createdAt === undefined ? {} : { createdAt }),
    }),
    replicas,
    paused: false,
    status: {},
    present: [],
    createdBy: { manager: 'kubectl-client-side-apply', operation: 'Update' },
    replicasBy: { manager: 'kubectl', operation: 'Update', subresource: 'scale' },
    ...fields,
  };
}

export function aReplicaSet(replicas: number): ReplicaSet {
  return {
    kind: 'VirtualMachineInstanceReplicaSet',
    meta: aMeta('web'),
    replicas,
    paused: false,
    status: {},
    createdBy: { manager: 'kubectl-create', operation: 'Update' },
  };
}

export type MemberOptions = {
  readonly uid?: string;
  readonly deleting?: boolean;
  readonly survey?: string;
};

export function seen(object: Extract<LogRecord, { type: 'observed' }>['object']): LogRecord {
  return { type: 'observed', object };
}

export function sawVm(name: string, options: MemberOptions = {}): LogRecord {
  return {
    type: 'observed',
    ...(options.survey === undefined ? {} : { survey: options.survey }),
    object: {
      kind: 'VirtualMachine',
      meta: aMeta(name, {
        uid: uid(options.uid ?? `${name}-uid`),
        owners: [owner('VirtualMachinePool', 'web')],
        ...(options.deleting === true ? terminating : {}),
      }),
      disks: [],
      claims: [{ kind: 'DataVolume', name: `${name}-disk` }],
    },
  };
}

export function sawVmi(
  name: string,
  options: MemberOptions & { readonly phase?: string } = {},
): LogRecord {
  return {
    type: 'observed',
    object: {
      kind: 'VirtualMachineInstance',
      meta: aMeta(name, {
        uid: uid(options.uid ?? `${name}-uid`),
        owners: [owner('VirtualMachineInstanceReplicaSet', 'web')],
        ...(options.deleting === true ? terminating : {}),
      }),
      phase: options.phase ?? 'Running',
      claims: [],
    },
  };
}

/** DataVolume, claim and volume of one member, as a cluster makes them. */
export function sawDisk(
  vm: string,
  options: { readonly deleting?: boolean } = {},
): readonly LogRecord[] {
  const name = `${vm}-disk`;
  const disk = { storageClass: 'fast', size: '10Gi' };
  const volume = `pv-${name}`;
  return [
    seen({
      kind: 'DataVolume',
      meta: aMeta(name, { uid: uid(`${name}-dv`), owners: [owner('VirtualMachine', vm)] }),
      ...disk,
    }),
    seen({
      kind: 'PersistentVolume',
      meta: aMeta(volume, { namespace: '' }),
      ...disk,
      claim: { namespace: 'demo', name, uid: uid(`${name}-pvc`) },
    }),
    seen({
      kind: 'PersistentVolumeClaim',
      meta: aMeta(name, {
        uid: uid(`${name}-pvc`),
        ...(options.deleting === true ? terminating : {}),
        owners: [{ ...owner('DataVolume', name), uid: uid(`${name}-dv`) }],
      }),
      ...disk,
      volumeName: volume,
    }),
  ];
}

export function gone(kind: Kind, name: string, ofUid = `${name}-uid`): LogRecord {
  return {
    type: 'vanished',
    kind,
    namespace: 'demo',
    name,
    uid: uid(ofUid),
    resourceVersion: nextVersion(),
  };
}

export function claimGone(vm: string): LogRecord {
  return gone('PersistentVolumeClaim', `${vm}-disk`, `${vm}-disk-pvc`);
}

export const poolRef: SetRef = {
  kind: 'VirtualMachinePool',
  namespace: 'demo',
  name: 'web',
  uid: uid('web-uid'),
  generation: 1,
};

export function endangered(vm: string): EndangeredDisk {
  return {
    claim: { name: `${vm}-disk`, uid: uid(`${vm}-disk-pvc`) },
    dataVolume: { name: `${vm}-disk`, uid: uid(`${vm}-disk-dv`) },
    volume: { name: `pv-${vm}-disk`, uid: uid(`pv-${vm}-disk-uid`) },
    storageClass: 'fast',
    size: '10Gi',
    member: { name: vm, uid: uid(`${vm}-uid`), ordinal: Number(vm.split('-').at(-1)) },
  };
}

export function anEffect(plan: number, index: number): EffectId {
  return effectId('0123abcd', { epoch: 1, plan }, index);
}

export function decidedDeletes(
  plan: number,
  vms: readonly string[],
  how: {
    readonly verb?: 'delete-member' | 'free-member';
    readonly purpose?: Purpose;
  } = {},
): Decided {
  const { verb = 'delete-member', purpose = 'scale-in' } = how;
  return {
    ...aDecision(plan),
    because: `${vms.length} too many`,
    commands: vms.map((vm, index) => ({
      verb,
      effect: anEffect(plan, index),
      because: `${vms.length} too many`,
      member: { name: vm, uid: uid(`${vm}-uid`) },
      purpose,
      disks: [endangered(vm)],
    })),
  };
}

export function decidedCreates(plan: number, vms: readonly string[]): Decided {
  return {
    ...aDecision(plan),
    because: `${vms.length} short`,
    commands: vms.map((vm, index) => ({
      verb: 'create-vm',
      effect: anEffect(plan, index),
      because: `${vms.length} short`,
      name: vm,
      ordinal: Number(vm.split('-').at(-1)),
      revision: 'web-1',
    })),
  };
}

export function settled(effect: EffectId, outcome: Outcome, ofUid?: Uid): LogRecord {
  return {
    type: 'settled',
    effect,
    set: poolRef,
    verb: 'delete-member',
    name: 'web-2',
    ...(ofUid === undefined ? {} : { uid: ofUid }),
    outcome,
  };
}

function aDecision(plan: number): Decided {
  const limits = {
    burst: 250,
    pending: 500,
    massDeleteCount: 10,
    massDeleteShare: 0.2,
    massDeleteWindowMs: 600_000,
  };
  return {
    type: 'decided',
    epoch: 1,
    plan,
    set: poolRef,
    mode: 'manage',
    basis: 1,
    moment: {
      now: began,
      seed: 'seed',
      limits,
      policy: { mode: 'manage', kubevirtControllers: 'off' },
    },
    because: '',
    balance: {
      desired: 3,
      active: 3,
      terminating: 0,
      ready: 3,
      creating: 0,
      deleting: 0,
      surplus: 0,
    },
    commands: [],
  };
}

function owner(kind: string, name: string): Owner {
  return { apiVersion: 'v1', kind, name, uid: uid(`${name}-uid`), controller: true };
}
