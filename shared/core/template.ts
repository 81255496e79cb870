import type { TemplateDigest } from '#shared/contract/objects.ts';

export type Comparison = 'same' | 'different' | 'unknown';

/**
 * Whether two digests are of the same template. Digests under another key or algorithm say nothing about
 * each other: that is `unknown`, and must never be read as a change.
 */
export function compareDigests(
  left: TemplateDigest | undefined,
  right: TemplateDigest | undefined,
): Comparison {
  if (left === undefined || right === undefined || !isComparable(left, right)) return 'unknown';
  const same =
    left.vmiSpec === right.vmiSpec &&
    left.vmiMetadata === right.vmiMetadata &&
    left.spec === right.spec &&
    left.metadata === right.metadata &&
    sameVolumes(left.volumes, right.volumes);
  return same ? 'same' : 'different';
}

/** Made with one key and one way of hashing. */
export function isComparable(left: TemplateDigest, right: TemplateDigest): boolean {
  return left.keyId === right.keyId && left.algorithm === right.algorithm;
}

type Volumes = TemplateDigest['volumes'];

/** Whether both make the same disks under the same names. */
export function sameVolumes(left: Volumes, right: Volumes): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && left[name] === right[name]);
}
