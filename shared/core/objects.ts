import type { Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Member, Meta, Observable, Owner, ScaledSet, Vm } from '#shared/contract/objects.ts';
import { compareText } from '#shared/lib/order.ts';
import type { Named, View } from './view.ts';

/** Names a namespaced thing in an index: a slash can stand in neither part. */
export function placeOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Names an object of a kind in an index. */
export function addressOf(kind: Kind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** The owner that controls an object: at most one says so. */
export function controllerOf(meta: Meta): Owner | undefined {
  for (const owner of meta.owners) if (owner.controller === true) return owner;
  return undefined;
}

export function isSet(object: Observable | undefined): object is ScaledSet {
  return (
    object?.kind === 'VirtualMachinePool' || object?.kind === 'VirtualMachineInstanceReplicaSet'
  );
}

export function isVm(object: Observable | undefined): object is Vm {
  return object?.kind === 'VirtualMachine';
}

export function isReady(member: Member): boolean {
  return member.ready?.status === 'True';
}

export function isTerminating(object: Observable): boolean {
  return object.meta.deletedAt !== undefined;
}

/** The set of that uid, while it exists. */
export function setOf(view: View, uid: Uid): ScaledSet | undefined {
  const object = view.objects.get(uid);
  return isSet(object) ? object : undefined;
}

/** Replicas that a set asks for; KubeVirt reads an absent number as 1. */
export function desiredOf(set: ScaledSet): number {
  return set.replicas ?? 1;
}

/** Objects that a controller owns, by name: the same order in every view of the same facts. */
export function ownedBy(view: View, owner: Uid): readonly Observable[] {
  const owned: Observable[] = [];
  for (const uid of view.owned.get(owner) ?? []) {
    const object = view.objects.get(uid);
    if (object !== undefined) owned.push(object);
  }
  return owned.toSorted(byName);
}

type Place = { readonly namespace: string; readonly name: string };

/** Every object of that name; an old one and its successor may both be there. */
export function namedAs(view: View, kind: Kind, { namespace, name }: Place): readonly Observable[] {
  const uids = view.named.get(kind)?.get(namespace)?.get(name);
  if (uids === undefined) return none;
  if (typeof uids !== 'string') {
    return uids
      .flatMap((uid) => view.objects.get(uid) ?? [])
      .toSorted((left, right) => compareText(left.meta.uid, right.meta.uid));
  }
  const object = view.objects.get(uids);
  return object === undefined ? none : [object];
}

const none: readonly Observable[] = [];

export function uidsIn(named: Named): readonly Uid[] {
  return typeof named === 'string' ? [named] : named;
}

export function byName(left: Observable, right: Observable): number {
  return compareText(left.meta.name, right.meta.name) || compareText(left.meta.uid, right.meta.uid);
}

/** Whether an object of the kind has this name, or a create of ours is on its way there. */
export function isNameKnown(view: View, kind: Kind, place: Place): boolean {
  const { namespace, name } = place;
  return (
    view.named.get(kind)?.get(namespace)?.has(name) === true ||
    view.coming.has(addressOf(kind, namespace, name))
  );
}
