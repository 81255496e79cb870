import type { JsonPatchStep, RawObject } from '#shared/cluster/cluster.ts';
import { isRecord } from '#shared/lib/canonical.ts';

type OwnerRef = Readonly<Record<string, unknown>>;

/** The owner references of an object, in its own order. */
export function ownersOf(object: RawObject): readonly OwnerRef[] {
  const owners = object.metadata?.['ownerReferences'];
  return Array.isArray(owners) ? owners.filter(isRecord) : [];
}

/** The one reference that says `controller`; an object has at most one. */
export function controllerIn(object: RawObject): OwnerRef | undefined {
  return ownersOf(object).find((owner) => owner['controller'] === true);
}

/** Whether a uid stands among the owners, as controller or not. */
export function isOwnedBy(object: RawObject, uid: string): boolean {
  return ownersOf(object).some((owner) => owner['uid'] === uid);
}

export function isTerminating(object: RawObject): boolean {
  return object.metadata?.['deletionTimestamp'] !== undefined;
}

/** Makes the server refuse a JSON patch for another object that has taken the name. */
export function testOfUid(object: RawObject): JsonPatchStep {
  return { op: 'test', path: '/metadata/uid', value: object.metadata?.uid };
}

/** Makes the server refuse a JSON patch once the object has changed in any way since it was read. */
export function testOfVersion(object: RawObject): JsonPatchStep {
  const { resourceVersion } = object.metadata ?? {};
  return { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
}

/**
 * Takes every reference to one uid out and leaves the others in their places. From the last to the first,
 * so that no step moves what a later one names.
 */
export function removalOfOwner(object: RawObject, uid: string): readonly JsonPatchStep[] {
  const places = ownersOf(object).flatMap((owner, at) => (owner['uid'] === uid ? [at] : []));
  return places.toReversed().flatMap((at): readonly JsonPatchStep[] => [
    { op: 'test', path: `/metadata/ownerReferences/${at}/uid`, value: uid },
    { op: 'remove', path: `/metadata/ownerReferences/${at}` },
  ]);
}

/** Metadata that makes the server refuse a merge patch unless the object is the one that was read. */
export function preconditionsOf(object: RawObject): Readonly<Record<string, unknown>> {
  const { uid, resourceVersion } = object.metadata ?? {};
  return { uid, resourceVersion };
}
