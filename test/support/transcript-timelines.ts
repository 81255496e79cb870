import { isRecord } from '#shared/lib/canonical.ts';
import { post, remove } from './transcript-requests.ts';
import type { RecordedRequest } from './transcripts.ts';

/* What the recordings of the garbage collector made before they began, and what follows from what. */

/** An object of the story, by its name: its kind tells where it is. */
type Made = {
  readonly kind: keyof typeof places;
  readonly name: string;
  /** Names of those that own it; the last is its controller. */
  readonly owners?: readonly string[];
  readonly finalizers?: readonly string[];
  readonly blockOwnerDeletion?: boolean;
};

/** A group of steps on objects of its own; what the group before left is taken away first. */
export type Scene = {
  /** The step before which they are made. */
  readonly before: number;
  readonly made: readonly Made[];
  /** Taken away when the scene is over. */
  readonly left?: readonly Made[];
};

export type TimelinePlan = { readonly file: string; readonly scenes: readonly Scene[] };

const places = {
  VirtualMachinePool: { apiVersion: 'pool.kubevirt.io/v1beta1', plural: 'virtualmachinepools' },
  VirtualMachine: { apiVersion: 'kubevirt.io/v1', plural: 'virtualmachines' },
  VirtualMachineInstance: { apiVersion: 'kubevirt.io/v1', plural: 'virtualmachineinstances' },
  DataVolume: { apiVersion: 'cdi.kubevirt.io/v1beta1', plural: 'datavolumes' },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims' },
} as const;

export type StoryKind = keyof typeof places;
export const storyKinds: readonly StoryKind[] = [
  'VirtualMachinePool',
  'VirtualMachine',
  'VirtualMachineInstance',
  'DataVolume',
  'PersistentVolumeClaim',
];

/** Where objects of a kind are, in one namespace or, with none given, in all. */
export function storyPath(kind: StoryKind, namespace = ''): string {
  const { apiVersion, plural } = places[kind];
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return namespace === '' ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

const labels = { p: 'gp' };
const empty = { domain: { devices: {} } };
const storage = { resources: { requests: { storage: '1Gi' } } };

const specs: Readonly<Record<StoryKind, unknown>> = {
  VirtualMachinePool: {
    replicas: 1,
    selector: { matchLabels: labels },
    virtualMachineTemplate: {
      metadata: { labels },
      spec: { runStrategy: 'Halted', template: { metadata: { labels }, spec: empty } },
    },
  },
  VirtualMachine: { runStrategy: 'Halted', template: { spec: empty } },
  VirtualMachineInstance: empty,
  DataVolume: { source: { blank: {} }, storage },
  PersistentVolumeClaim: { accessModes: ['ReadWriteOnce'], ...storage },
};

/** The object with the metadata that is given. */
export function storyObject(kind: StoryKind, metadata: unknown): Readonly<Record<string, unknown>> {
  return { apiVersion: places[kind].apiVersion, kind, metadata, spec: specs[kind] };
}

/** Makes an object; of its owners those that have been made, with their uids, are at hand. */
export function postMade(
  { kind, name, owners = [], finalizers, blockOwnerDeletion = true }: Made,
  existing: ReadonlyMap<string, unknown>,
): RecordedRequest {
  const ownerReferences = owners.map((owner, index) => {
    const body = existing.get(owner);
    const { apiVersion, kind: ownerKind, metadata } = isRecord(body) ? body : {};
    const uid = isRecord(metadata) ? metadata['uid'] : undefined;
    const reference = { apiVersion, kind: ownerKind, name: owner, uid, blockOwnerDeletion };
    return index === owners.length - 1 ? { ...reference, controller: true } : reference;
  });
  const metadata = {
    name,
    ...(owners.length > 0 && { ownerReferences }),
    ...(finalizers && { finalizers }),
  };
  return { ...post(storyObject(kind, metadata)), path: storyPath(kind, 'default') };
}

/** Takes an object away. */
export function removeMade({ kind, name }: Made): RecordedRequest {
  return { ...remove(name), path: `${storyPath(kind, 'default')}/${name}` };
}

const pool: Made = { kind: 'VirtualMachinePool', name: 'gp' };
const disk: Made = { kind: 'DataVolume', name: 'gp-dv', owners: ['gp-0'] };
const claim: Made = { kind: 'PersistentVolumeClaim', name: 'gp-pvc', owners: ['gp-dv'] };
const secondClaim: Made = { kind: 'PersistentVolumeClaim', name: 'gp-pvc2', owners: ['gp-0'] };
const machine: Made = { kind: 'VirtualMachine', name: 'gp-0', owners: ['gp'] };
const family = [pool, machine, disk, claim, secondClaim];
const first: Made = { kind: 'VirtualMachinePool', name: 'o1' };
const second: Made = { kind: 'VirtualMachinePool', name: 'o2' };

/** All timelines that are replayed, and what their objects were. */
export const timelinePlans: readonly TimelinePlan[] = [
  ...['401', '402', '403', '404'].map((file) => ({ file, scenes: [{ before: 0, made: family }] })),
  {
    file: '405',
    scenes: [
      { before: 0, made: family, left: [pool] },
      { before: 2, made: family, left: [pool, disk, claim, secondClaim] },
      {
        before: 4,
        made: [
          pool,
          { ...machine, finalizers: ['example.com/hold'] },
          { ...machine, name: 'gp-1', blockOwnerDeletion: false },
        ],
      },
      { before: 7, made: [], left: [pool] },
      {
        before: 11,
        made: [first, second, { kind: 'VirtualMachine', name: 'two', owners: ['o1', 'o2'] }],
      },
    ],
  },
];
