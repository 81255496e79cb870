import type { Uid } from '#shared/contract/ids.ts';
import type { Observable, Volume } from '#shared/contract/objects.ts';
import type { Fold } from './fold.ts';
import { stemOf } from './names.ts';
import { controllerOf, isSet, namedAs, placeOf } from './objects.ts';
import { isHanging } from './pool/hanging.ts';

/** Marks the sets whose decision may depend on an object. */
export function touchSetsOf(fold: Fold, object: Observable): void {
  switch (object.kind) {
    case 'VirtualMachinePool':
    case 'VirtualMachineInstanceReplicaSet':
      fold.touched.add(object.meta.uid);
      return;
    case 'VirtualMachine':
    case 'VirtualMachineInstance':
      touchOwner(fold, object);
      if (controllerOf(object.meta) === undefined) touchClaimants(fold, object);
      return;
    case 'ControllerRevision':
      touchOwner(fold, object);
      return;
    case 'DataVolume':
    case 'PersistentVolumeClaim':
      touchOwner(fold, object);
      touchMakers(fold, object.meta.namespace, object.meta.name);
      return;
    case 'PersistentVolume':
      touchClaimOf(fold, object);
  }
}

/** A name is taken or free again: of interest to the pool that would use it next. */
export function touchNameSharers(fold: Fold, object: Observable): void {
  if (object.kind !== 'VirtualMachine') return;
  const { namespace, name } = object.meta;
  const pool = stemOf(name);
  if (pool !== undefined) {
    for (const { meta } of namedAs(fold.view, 'VirtualMachinePool', { namespace, name: pool })) {
      fold.touched.add(meta.uid);
    }
  }
  for (const disk of object.disks) touchMakers(fold, namespace, disk.name);
}

/** Marks the pools that would make a disk of this name. */
export function touchMakers(fold: Fold, namespace: string, disk: string): void {
  const stem = stemOf(disk);
  if (stem === undefined) return;
  const pools = fold.view.stems.get(placeOf(namespace, stem));
  if (pools !== undefined) for (const uid of pools) fold.touched.add(uid);
}

/** A pool that heals decides for its whole namespace whether others may be managed. */
export function touchNeighbours(fold: Fold, object: Observable): void {
  if (object.kind !== 'VirtualMachinePool') return;
  for (const uid of fold.view.sets.get(object.meta.namespace) ?? []) fold.touched.add(uid);
}

/** A pool has gone: VMs that nobody controls and that hang on our finalizer may be nobody's any more. */
export function touchHanging({ view, touched }: Fold, { kind, meta }: Observable): void {
  if (kind !== 'VirtualMachinePool') return;
  for (const uid of view.loose.get(meta.namespace) ?? []) {
    if (isHanging(view.objects.get(uid))) touched.add(uid);
  }
}

/** Sets of the namespace that may have to release, or may adopt, what nobody owns. */
function touchClaimants({ view, touched }: Fold, { kind, meta }: Observable): void {
  const claimant =
    kind === 'VirtualMachine' ? 'VirtualMachinePool' : 'VirtualMachineInstanceReplicaSet';
  if (view.loose.get(meta.namespace)?.has(meta.uid) !== true) return;
  for (const uid of view.sets.get(meta.namespace) ?? []) {
    if (view.objects.get(uid)?.kind === claimant) touched.add(uid);
  }
}

/**
 * Follows controllers upwards, from a claim over its DataVolume and VM to the set; or to the VM that hangs
 * on our finalizer though its set is gone.
 */
function touchOwner(fold: Fold, object: Observable): void {
  let below = object;
  for (let depth = 0; depth < 4; depth += 1) {
    const owner: Uid | undefined = controllerOf(below.meta)?.uid;
    const above = owner === undefined ? undefined : fold.view.objects.get(owner);
    if (above === undefined) {
      if (isHanging(below)) fold.touched.add(owner ?? below.meta.uid);
      return;
    }
    if (isSet(above)) fold.touched.add(above.meta.uid);
    below = above;
  }
}

function touchClaimOf(fold: Fold, volume: Volume): void {
  if (volume.claim === undefined) return;
  for (const claim of namedAs(fold.view, 'PersistentVolumeClaim', volume.claim)) {
    touchOwner(fold, claim);
  }
}
