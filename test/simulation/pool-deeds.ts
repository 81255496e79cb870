import { unreachable } from '#shared/lib/assert.ts';
import {
  poolFinalizer,
  replaceDisksAnnotation,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import { controllerUid, isDeleting } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Random } from './random.ts';

/** What people do to pools that are to be rolled out, healed, and to keep their disks. */
export const poolDeeds = [
  'changes the machines',
  'changes a label of the machines',
  'changes the disks',
  'allows new disks',
  'sets how to scale in',
  'sets how to update',
  'heals or not',
  'breaks a machine',
  'rolls back',
  'hands a member back',
] as const;
export type PoolDeed = (typeof poolDeeds)[number];

export type PoolHands = {
  readonly mirror: Mirror;
  readonly pool: KubeObject;
  readonly patch: (object: KubeObject, body: unknown) => void;
};

/** Answers whether there was something to do it to. */
export function doToPool(
  deed: PoolDeed,
  { mirror, pool, patch }: PoolHands,
  random: Random,
): boolean {
  const spec = (body: object): boolean => (patch(pool, { spec: body }), true);
  const template = (body: object): boolean => spec({ virtualMachineTemplate: body });
  switch (deed) {
    case 'changes the machines':
      return template({
        spec: { template: { spec: { domain: { cpu: { cores: random.between(1, 64) } } } } },
      });
    case 'changes a label of the machines': {
      const labels = { 'example.com/tier': `t${random.between(1, 3)}` };
      return template({ metadata: { labels } });
    }
    case 'changes the disks':
      return template({ spec: { dataVolumeTemplates: [disk(random.between(1, 3))] } });
    case 'allows new disks':
    case 'rolls back': {
      const key = deed === 'rolls back' ? rollBackAnnotation : replaceDisksAnnotation;
      const revision = random.any(
        mirror.ofKind('ControllerRevision').filter((one) => isOf(one, pool)),
      );
      if (revision === undefined) return false;
      patch(pool, { metadata: { annotations: { [key]: revision.metadata.name } } });
      return true;
    }
    case 'sets how to scale in':
      spec({ scaleInStrategy: null });
      return spec({
        scaleInStrategy: random.pick([null, keeping('Offline'), keeping('Disabled')]),
      });
    case 'sets how to update':
      spec({ updateStrategy: null });
      return spec({
        updateStrategy: random.pick([null, { proactive: {} }, { opportunistic: {} }, surging]),
        maxUnavailable: random.pick([1, 2, '50%']),
      });
    case 'heals or not':
      return spec({ autohealing: random.pick([null, healing, healing]) });
    case 'breaks a machine': {
      const member = random.any(
        mirror.ofKind('VirtualMachine').filter((vm) => isOf(vm, pool) && !isDeleting(vm)),
      );
      if (member === undefined) return false;
      const trouble = random.pick(['crash', 'unschedulable', 'image', null]);
      patch(member, { metadata: { annotations: { [troubleAnnotation]: trouble } } });
      return true;
    }
    case 'hands a member back': {
      const stray = random.any(mirror.ofKind('VirtualMachine').filter((vm) => isStrayOf(vm, pool)));
      if (stray === undefined) return false;
      const { apiVersion, kind, metadata } = pool;
      const { name, uid } = metadata;
      const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
      patch(stray, { metadata: { ownerReferences: [owner] } });
      return true;
    }
    default:
      return unreachable(deed);
  }
}

/** Takes back what keeps a pool from its size, at the end. */
export function tidyPool({ mirror, pool, patch }: PoolHands): void {
  const strategies = { scaleInStrategy: null, updateStrategy: null, autohealing: null };
  const annotations = { [rollBackAnnotation]: null, [replaceDisksAnnotation]: null };
  patch(pool, { metadata: { annotations }, spec: strategies });
  for (const vm of mirror.ofKind('VirtualMachine')) {
    if (vm.metadata.annotations?.[troubleAnnotation] === undefined) continue;
    patch(vm, { metadata: { annotations: { [troubleAnnotation]: null } } });
  }
}

const troubleAnnotation = 'sandbox.rollcall.dev/fail';
const healing = { startUpFailureThreshold: 1, minFailingToStartDuration: '10s' };
const surging = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };

function keeping(statePreservation: string): object {
  return { proactive: { statePreservation } };
}

function disk(gigabytes: number): object {
  const requests = { storage: `${gigabytes}Gi` };
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests } };
  return { metadata: { name: 'root' }, spec: { source: { blank: {} }, storage } };
}

function isOf(object: KubeObject, pool: KubeObject): boolean {
  return controllerUid(object) === pool.metadata.uid;
}

function isStrayOf({ metadata, ...vm }: KubeObject, pool: KubeObject): boolean {
  const { name, namespace } = pool.metadata;
  if (metadata.namespace !== namespace || !metadata.name.startsWith(`${name}-`)) return false;
  const isFree = controllerUid({ metadata, ...vm }) === undefined;
  return isFree && metadata.finalizers?.includes(poolFinalizer) !== true;
}
