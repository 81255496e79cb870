import type { ResourceVersion, Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { compareResourceVersions } from '#shared/contract/ids.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { addTo, takeFrom } from './keyed-sets.ts';
import { controllerOf, isSet, placeOf, uidsIn } from './objects.ts';
import type { KindView, Named, View } from './view.ts';

/** Puts an object in place of what was known of it; indices are touched only where they change. */
export function putObject(view: View, object: Observable, known: Observable | undefined): void {
  const { uid } = object.meta;
  view.objects.set(uid, object);
  if (known === undefined) {
    enterName(view, object);
    kindOf(view, object.kind).uids.add(uid);
    if (isSet(object)) addTo(view.sets, object.meta.namespace, uid);
  }
  reindexOwner(view, object, known);
  reindexLoose(view, object, known);
  reindexDisks(view, object, known);
}

/** Forgets an object and every index entry of it. */
export function dropObject(view: View, object: Observable): void {
  const { uid, namespace } = object.meta;
  view.objects.delete(uid);
  leaveName(view, object);
  kindOf(view, object.kind).uids.delete(uid);
  const owner = controllerOf(object.meta)?.uid;
  if (owner !== undefined) takeFrom(view.owned, owner, uid);
  if (isSet(object)) takeFrom(view.sets, namespace, uid);
  if (isLoose(object)) takeFrom(view.loose, namespace, uid);
  for (const name of diskNames(object))
    takeFrom(diskIndex(view, object), placeOf(namespace, name), uid);
}

/** What is known of a kind, begun as unsynced. */
export function kindOf(view: View, kind: Kind): KindView {
  const known = view.kinds.get(kind);
  if (known !== undefined) return known;
  const fresh: KindView = {
    uids: new Set(),
    synced: false,
    since: view.bornAt,
    highest: undefined,
    open: undefined,
    closed: undefined,
    refused: undefined,
  };
  view.kinds.set(kind, fresh);
  return fresh;
}

/** Raises the newest version seen of a kind; it never falls. */
export function raiseHighest(kind: KindView, version: ResourceVersion): void {
  if (kind.highest === undefined || compareResourceVersions(version, kind.highest) > 0) {
    kind.highest = version;
  }
}

function enterName(view: View, object: Observable): void {
  const { namespace, name, uid } = object.meta;
  const names = namesOf(view, object.kind, namespace);
  const known = names.get(name);
  names.set(name, known === undefined ? uid : [...uidsIn(known), uid]);
}

function leaveName(view: View, object: Observable): void {
  const { namespace, name, uid } = object.meta;
  const names = namesOf(view, object.kind, namespace);
  const known = names.get(name);
  if (known === undefined) return;
  const [first, ...others] = uidsIn(known).filter((other) => other !== uid);
  if (first === undefined) names.delete(name);
  else names.set(name, others.length === 0 ? first : [first, ...others]);
}

function namesOf(view: View, kind: Kind, namespace: string): Map<string, Named> {
  let namespaces = view.named.get(kind);
  if (namespaces === undefined) view.named.set(kind, (namespaces = new Map()));
  let names = namespaces.get(namespace);
  if (names === undefined) namespaces.set(namespace, (names = new Map()));
  return names;
}

function reindexOwner(view: View, object: Observable, known: Observable | undefined): void {
  const owner = controllerOf(object.meta)?.uid;
  const before = known === undefined ? undefined : controllerOf(known.meta)?.uid;
  if (owner === before) return;
  if (before !== undefined) takeFrom(view.owned, before, object.meta.uid);
  if (owner !== undefined) addTo(view.owned, owner, object.meta.uid);
}

function reindexLoose(view: View, object: Observable, known: Observable | undefined): void {
  const loose = isLoose(object);
  if (loose === (known !== undefined && isLoose(known))) return;
  const { namespace, uid } = object.meta;
  if (loose) addTo(view.loose, namespace, uid);
  else takeFrom(view.loose, namespace, uid);
}

/** What a set may have to release or to adopt, though it does not own it. */
function isLoose(object: Observable): boolean {
  if (controllerOf(object.meta) !== undefined) return false;
  if (object.kind === 'VirtualMachineInstance') return true;
  return object.kind === 'VirtualMachine' && object.meta.finalizers.includes(poolFinalizer);
}

function reindexDisks(view: View, object: Observable, known: Observable | undefined): void {
  const names = diskNames(object);
  const before = known === undefined ? [] : diskNames(known);
  if (sameNames(names, before)) return;
  const index = diskIndex(view, object);
  const { namespace, uid } = object.meta;
  for (const name of before) takeFrom(index, placeOf(namespace, name), uid);
  for (const name of names) addTo(index, placeOf(namespace, name), uid);
}

/** A pool names stems, to which it adds ordinals; a VM names what it makes. */
function diskIndex(view: View, object: Observable): Map<string, Set<Uid>> {
  return object.kind === 'VirtualMachine' ? view.makers : view.stems;
}

const none: readonly string[] = [];

function diskNames(object: Observable): readonly string[] {
  switch (object.kind) {
    case 'VirtualMachine':
      return object.disks.length === 0 ? none : object.disks.map((disk) => disk.name);
    case 'VirtualMachinePool':
      return object.template?.disks.map((disk) => disk.name) ?? none;
    case 'VirtualMachineInstanceReplicaSet':
    case 'VirtualMachineInstance':
    case 'DataVolume':
    case 'PersistentVolumeClaim':
    case 'PersistentVolume':
    case 'ControllerRevision':
      return none;
  }
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, at) => name === right[at]);
}
