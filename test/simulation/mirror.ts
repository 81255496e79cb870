import { isRecord } from '#shared/lib/canonical.ts';
import type { Change, KubeObject, Store } from '../../services/sandbox/store/types.ts';

/** What the store holds, by uid, for those who judge. */
export interface Mirror {
  readonly objects: ReadonlyMap<string, KubeObject>;
  named(kind: string, namespace: string, name: string): KubeObject | undefined;
  ofKind(kind: string): readonly KubeObject[];
  /** Takes in what was there before anyone looked. */
  put(object: KubeObject): void;
}

export function createMirror(store: Store, onChange: (change: Change) => void): Mirror {
  const objects = new Map<string, KubeObject>();
  const places = new Map<string, KubeObject>();
  const put = (object: KubeObject): void => {
    objects.set(object.metadata.uid, object);
    places.set(placeOf(object), object);
  };
  store.subscribe((change) => {
    const { object } = change;
    if (change.type === 'DELETED') {
      objects.delete(object.metadata.uid);
      const place = placeOf(object);
      if (places.get(place)?.metadata.uid === object.metadata.uid) places.delete(place);
    } else {
      put(object);
    }
    onChange(change);
  });
  return {
    objects,
    put,
    named: (kind, namespace, name) => places.get(`${kind}/${namespace}/${name}`),
    ofKind: (kind) => [...objects.values()].filter((object) => object.kind === kind),
  };
}

function placeOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function controllerUid(object: KubeObject): string | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
}

export function specOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return isRecord(object['spec']) ? object['spec'] : {};
}

export function replicasOf(object: KubeObject): number {
  const { replicas } = specOf(object);
  return typeof replicas === 'number' ? replicas : 1;
}

export function isSetKind(kind: string): boolean {
  return kind === 'VirtualMachinePool' || kind === 'VirtualMachineInstanceReplicaSet';
}

/** Members of a set that count towards its size: a pool counts all, a replica set the active. */
export function presentMembers(mirror: Mirror, set: KubeObject): readonly KubeObject[] {
  const uid = set.metadata.uid;
  if (set.kind === 'VirtualMachinePool') {
    return mirror.ofKind('VirtualMachine').filter((vm) => controllerUid(vm) === uid);
  }
  return mirror
    .ofKind('VirtualMachineInstance')
    .filter((vmi) => controllerUid(vmi) === uid && !isDeleting(vmi) && !hasEnded(vmi));
}

export function hasEnded(vmi: KubeObject): boolean {
  const status = isRecord(vmi['status']) ? vmi['status'] : {};
  return status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
}

/** Names of the disks that a VM makes. */
export function disksOf(vm: KubeObject): readonly string[] {
  const { dataVolumeTemplates } = specOf(vm);
  if (!Array.isArray(dataVolumeTemplates)) return [];
  return dataVolumeTemplates.flatMap((template: unknown) => {
    const metadata = isRecord(template) ? template['metadata'] : undefined;
    return isRecord(metadata) && typeof metadata['name'] === 'string' ? [metadata['name']] : [];
  });
}

/** Disks whose owner is the machine of this name, and what hangs on those. */
export function hangingOn(mirror: Mirror, name: string): readonly KubeObject[] {
  const isOwnedBy = (owners: readonly KubeObject[]) => (object: KubeObject) =>
    object.metadata.ownerReferences?.some(({ uid }) =>
      owners.some(({ metadata }) => metadata.uid === uid),
    ) === true;
  const machines = mirror.ofKind('VirtualMachine').filter(({ metadata }) => metadata.name === name);
  const claims = mirror.ofKind('PersistentVolumeClaim');
  const dataVolumes = mirror.ofKind('DataVolume').filter(isOwnedBy(machines));
  return [...dataVolumes, ...claims.filter(isOwnedBy([...machines, ...dataVolumes]))];
}
