import type { Shard } from '#shared/contract/ids.ts';
import { setKinds } from '#shared/contract/kinds.ts';
import type { Meta, Observable } from '#shared/contract/objects.ts';
import { mannerOf } from './manner.ts';
import { rests } from './rests.ts';
import type { Holding } from './rows.ts';

/** What the book keeps of an object; undefined for kinds that it has no use for. */
export function holdingOf(object: Observable, shard: Shard): Holding | undefined {
  switch (object.kind) {
    case 'VirtualMachinePool':
    case 'VirtualMachineInstanceReplicaSet':
      return {
        ...common(object, shard),
        wanted: object.replicas ?? 1,
        manner: mannerOf(object),
        rests: rests(object),
        ...(object.meta.generation === undefined ? {} : { generation: object.meta.generation }),
      };
    case 'VirtualMachine': {
      const ordinal = ordinalOf(object.meta.name);
      return {
        ...common(object, shard),
        ...(ordinal === undefined ? {} : { ordinal }),
        claims: object.claims.map((claim) => claim.name),
      };
    }
    case 'VirtualMachineInstance':
      return {
        ...common(object, shard),
        // KubeVirt replaces a VMI that has ended (replicaset.go: filterActiveVMIs).
        final: object.phase === 'Succeeded' || object.phase === 'Failed',
        claims: object.claims.map((claim) => claim.name),
      };
    case 'DataVolume':
    case 'PersistentVolume':
      return { ...common(object, shard), ...disk(object) };
    case 'PersistentVolumeClaim':
      return {
        ...common(object, shard),
        ...disk(object),
        ...(object.volumeName === undefined ? {} : { volumeName: object.volumeName }),
      };
    case 'ControllerRevision':
      return undefined;
  }
}

/** Whether two versions differ in nothing that the book keeps, the version apart. */
export function isSameHolding(left: Holding, right: Holding): boolean {
  return (
    left.shard === right.shard &&
    left.owner === right.owner &&
    left.deleting === right.deleting &&
    left.wanted === right.wanted &&
    left.final === right.final &&
    left.storageClass === right.storageClass &&
    left.size === right.size &&
    left.volumeName === right.volumeName &&
    (left.claims ?? []).join() === (right.claims ?? []).join()
  );
}

/** Uid of the controlling set of a member; of whatever owns anything else. */
export function ownerOf(kind: Observable['kind'], meta: Meta): string | undefined {
  const controller = meta.owners.find((owner) => owner.controller === true);
  if (kind === 'VirtualMachine' || kind === 'VirtualMachineInstance') {
    const isOfSet = setKinds.some((setKind) => setKind === controller?.kind);
    return isOfSet ? controller?.uid : undefined;
  }
  const owner = controller ?? meta.owners[0];
  // A claim that CDI makes for a while beside the real one is no disk of anybody.
  return owner?.kind === 'PersistentVolumeClaim' ? undefined : owner?.uid;
}

function common(object: Observable, shard: Shard): Holding {
  const { meta, kind } = object;
  const owner = ownerOf(kind, meta);
  return {
    uid: meta.uid,
    kind,
    namespace: meta.namespace,
    name: meta.name,
    shard,
    ...(owner === undefined ? {} : { owner }),
    resourceVersion: meta.resourceVersion,
    createdAt: Date.parse(meta.createdAt),
    deleting: meta.deletedAt !== undefined,
    ...(meta.deletedAt === undefined ? {} : { deletedAt: meta.deletedAt }),
  };
}

function disk(object: {
  readonly storageClass?: string | undefined;
  readonly size?: string | undefined;
}): {
  readonly storageClass?: string;
  readonly size?: string;
} {
  return {
    ...(object.storageClass === undefined ? {} : { storageClass: object.storageClass }),
    ...(object.size === undefined ? {} : { size: object.size }),
  };
}

/** The number at the end of a pool member's name. */
export function ordinalOf(name: string): number | undefined {
  const digits = /-(\d{1,9})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
