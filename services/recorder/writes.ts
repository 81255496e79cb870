import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { ResourceVersion } from '#shared/contract/ids.ts';
import type { Attributed } from '#shared/contract/records.ts';

/* What an operation and a testimony on it are joined by. A uid is never given twice, in no cluster. */

/** The write that made one version of an object. */
export function writeOf(uid: string, resourceVersion: string): string {
  return `${uid}@${resourceVersion}`;
}

/**
 * The deletion of an object: there is one for each uid. Not by version, for an object that has
 * finalizers gets one with its deletion, and one without is gone without a version of its own.
 */
export function removalOf(uid: string): string {
  return `${uid}@removed`;
}

/** The object that a write is of. */
export function objectIn(write: string): string {
  return write.slice(0, write.lastIndexOf('@'));
}

/** The version that a write made; undefined for a deletion. */
export function versionIn(write: string): ResourceVersion | undefined {
  return resourceVersionSchema.safeParse(write.slice(write.lastIndexOf('@') + 1)).data;
}

/** The write that a record speaks of; undefined for one that nothing can be joined to. */
export function writeIn({ verb, object }: Attributed): string | undefined {
  if (verb === 'delete' || verb === 'deletecollection') return removalOf(object.uid);
  return object.resourceVersion === undefined
    ? undefined
    : writeOf(object.uid, object.resourceVersion);
}
