import { unreachable } from '#shared/lib/assert.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import {
  poolFinalizer,
  replaceDisksAnnotation,
  revisionLabel,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import { controllerUid, isDeleting, specOf } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Random } from './random.ts';
import { stemsOf } from './sets.ts';

/** What people do to pools that are to be rolled out, healed, and to keep their disks. */
export const poolDeeds = [
  'changes the machines',
  'changes a label of the machines',
  'changes the disks',
  'allows new disks',
  'sets how to scale in',
  'selects who may go',
  'sets how to update',
  'heals or not',
  'breaks a machine',
  'rolls back',
  'hands a member back',
  'spoils the template or mends it',
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
    case 'changes the disks': {
      const [first, ...others] = stemsOf(pool);
      if (first === undefined) return false;
      const changed = [disk(first, random.between(1, 3)), ...others.map((name) => disk(name, 1))];
      return template({ spec: { dataVolumeTemplates: changed } });
    }
    case 'allows new disks':
    case 'rolls back': {
      const key = deed === 'rolls back' ? rollBackAnnotation : replaceDisksAnnotation;
      const revision = revisionOf({ mirror, pool }, random);
      if (revision === undefined) return false;
      patch(pool, { metadata: { annotations: { [key]: revision.metadata.name } } });
      return true;
    }
    case 'sets how to scale in':
      spec({ scaleInStrategy: null });
      return spec({
        scaleInStrategy: random.pick([null, keeping('Offline'), keeping('Disabled')]),
      });
    case 'selects who may go': {
      const revision = revisionOf({ mirror, pool }, random);
      if (revision === undefined) return false;
      spec({ scaleInStrategy: null });
      return spec({ scaleInStrategy: selecting(revision.metadata.name) });
    }
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
    case 'spoils the template or mends it':
      return template({ metadata: { labels: isSpoilt(pool) ? labelsOf(pool) : spoilt } });
    default:
      return unreachable(deed);
  }
}

/** Takes back what keeps a pool from its size, at the end. */
export function tidyPool({ pool, patch }: PoolHands): void {
  const strategies = { scaleInStrategy: null, updateStrategy: null, autohealing: null };
  const annotations = { [rollBackAnnotation]: null, [replaceDisksAnnotation]: null };
  const mended = isSpoilt(pool) ? { metadata: { labels: labelsOf(pool) } } : {};
  patch(pool, {
    metadata: { annotations },
    spec: { ...strategies, virtualMachineTemplate: mended },
  });
}

/** What takes the trouble off a machine; undefined where it has none. */
export function mendOf({ kind, metadata }: KubeObject): object | undefined {
  if (kind !== 'VirtualMachine' || metadata.annotations?.[troubleAnnotation] === undefined) return;
  return { metadata: { annotations: { [troubleAnnotation]: null } } };
}

const troubleAnnotation = 'sandbox.rollcall.dev/fail';
const healing = { startUpFailureThreshold: 1, minFailingToStartDuration: '10s' };
const surging = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };

/** A label that the selector of no pool asks for. */
const spoilt = { app: 'none' };

function isSpoilt(pool: KubeObject): boolean {
  const { metadata } = recordOf(specOf(pool)['virtualMachineTemplate']);
  return recordOf(recordOf(metadata)['labels'])['app'] === spoilt.app;
}

/** Those that the selector asks for. */
function labelsOf(pool: KubeObject): object {
  return recordOf(recordOf(specOf(pool)['selector'])['matchLabels']);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function revisionOf({ mirror, pool }: Pick<PoolHands, 'mirror' | 'pool'>, random: Random) {
  return random.any(mirror.ofKind('ControllerRevision').filter((one) => isOf(one, pool)));
}

/** Those whose machines are of one revision: none, some or all, as the roll-out goes. */
function selecting(revision: string): object {
  const labelSelector = { matchLabels: { [revisionLabel]: revision } };
  return { proactive: { selectionPolicy: { selectors: { labelSelector } } } };
}

function keeping(statePreservation: string): object {
  return { proactive: { statePreservation } };
}

function disk(name: string, gigabytes: number): object {
  const requests = { storage: `${gigabytes}Gi` };
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests } };
  return { metadata: { name }, spec: { source: { blank: {} }, storage } };
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
