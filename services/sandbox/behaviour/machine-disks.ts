import type { KubeObject } from '../store/types.ts';
import { diskTemplatesOf } from './claims.ts';
import type { Next } from './hands.ts';
import { apiVersionFor } from './kinds.ts';
import { controllerOf, isControlledBy, isDeleting, recordAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { soonest } from './soonest.ts';

export type Disks = {
  /** Whether every disk of the templates has its data. */
  readonly ready: boolean;
  readonly next: Next;
};

/** Makes the DataVolumes of a machine, adopts those without an owner, and tells whether all are filled. */
export function tendDisks(scene: Scene, machine: KubeObject): Disks {
  const disks = diskTemplatesOf(machine).map((disk) => tendDisk(scene, machine, disk));
  return { ready: disks.every(({ ready }) => ready), next: soonest(disks.map(({ next }) => next)) };
}

type Disk = { readonly name: string; readonly template: unknown };

function tendDisk(scene: Scene, machine: KubeObject, disk: Disk): Disks {
  const { namespace = '' } = machine.metadata;
  const volume = scene.mirror.see('DataVolume', namespace, disk.name);
  if (volume === undefined) {
    const body = newDataVolume(machine, disk);
    const next = scene.hands.create('DataVolume', 'virt-controller', { namespace, body });
    return { ready: false, next };
  }
  if (isDeleting(volume)) return { ready: false, next: undefined };
  if (controllerOf(volume) === undefined) {
    const ownerReferences = [...(volume.metadata.ownerReferences ?? []), ownerOf(machine)];
    const adopted = { metadata: { ownerReferences } };
    return { ready: false, next: scene.hands.patch(volume, 'virt-controller', adopted) };
  }
  const filled = textAt(volume, 'status', 'phase') === 'Succeeded';
  return { ready: filled && ownerLives(scene, volume, machine), next: undefined };
}

/**
 * KubeVirt runs a machine also on a filled disk that another one owns. A disk whose owner is gone is about
 * to be collected, so it is waited for.
 */
function ownerLives({ mirror }: Scene, volume: KubeObject, machine: KubeObject): boolean {
  const owner = controllerOf(volume);
  if (owner === undefined || isControlledBy(volume, machine)) return true;
  if (owner.kind !== 'VirtualMachine') return true;
  const { namespace = '' } = volume.metadata;
  return mirror.see('VirtualMachine', namespace, owner.name)?.metadata.uid === owner.uid;
}

function newDataVolume(machine: KubeObject, disk: Disk): Readonly<Record<string, unknown>> {
  const metadata = recordAt(disk.template, 'metadata');
  return {
    apiVersion: apiVersionFor('DataVolume'),
    kind: 'DataVolume',
    metadata: {
      name: disk.name,
      namespace: machine.metadata.namespace,
      labels: {
        ...recordAt(metadata, 'labels'),
        'kubevirt.io/created-by': machine.metadata.uid,
      },
      annotations: {
        ...recordAt(metadata, 'annotations'),
        'cdi.kubevirt.io/allowClaimAdoption': 'true',
      },
      ownerReferences: [ownerOf(machine)],
    },
    spec: recordAt(disk.template, 'spec'),
  };
}

function ownerOf({ metadata: { name, uid } }: KubeObject): Readonly<Record<string, unknown>> {
  return {
    apiVersion: apiVersionFor('VirtualMachine'),
    kind: 'VirtualMachine',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
