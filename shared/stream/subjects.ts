import { families, shardSchema } from '#shared/contract/ids.ts';
import type { Family, Shard } from '#shared/contract/ids.ts';
import { assert } from '#shared/lib/assert.ts';
import type { SnapshotPlace } from './snapshots.ts';

/** What the cluster's stream takes in; the only file that spells a subject. */
export const streamSubjects: readonly string[] = ['rc.*.*'];

export type Address = { readonly shard: Shard; readonly family: Family };

export function subjectOf(address: Address): string {
  return `rc.${address.shard}.${address.family}`;
}

/** The wildcard for one family over all shards. */
export function subjectsOfFamily(family: Family): string {
  return `rc.*.${family}`;
}

/** Undefined for a subject that no writer of ours uses. */
export function parseSubject(subject: string): Address | undefined {
  const [prefix, shardText, familyText, ...rest] = subject.split('.');
  const shard = shardSchema.safeParse(shardText);
  const family = families.find((name) => name === familyText);
  if (prefix !== 'rc' || !shard.success || family === undefined || rest.length > 0) {
    return undefined;
  }
  return { shard: shard.data, family };
}

/** The family that a subject of ours ends in. */
export function familyIn(subject: string): Family {
  const family = families.find((name) => subject.endsWith(name));
  assert(family !== undefined, 'a subject of no family');
  return family;
}

export function streamName(cluster: string): string {
  return `ROLLCALL_${cluster}`;
}

/** Key-value buckets, as the streams that carry them are named. */
export const buckets = { positions: 'rollcall-positions', leases: 'rollcall-leases' } as const;
export type Bucket = (typeof buckets)[keyof typeof buckets];

export function bucketStream(bucket: Bucket): string {
  return `KV_${bucket}`;
}

export function bucketSubjects(bucket: Bucket): readonly string[] {
  return [`$KV.${bucket}.>`];
}

/** The object store of snapshots, and the stream that carries it. */
export const snapshotBucket = 'rollcall-snapshots';
export const snapshotStream = `OBJ_${snapshotBucket}`;
export const snapshotBucketSubjects: readonly string[] = [
  `$O.${snapshotBucket}.C.>`,
  `$O.${snapshotBucket}.M.>`,
];

/** Where one generation of a shard stands: its head, and the chunks of its body. */
export function snapshotSubjects(
  shard: Shard,
  place: SnapshotPlace,
): { readonly head: string; readonly chunks: string } {
  const name = `${shard}-${place}`;
  const encoded = Buffer.from(name).toString('base64url');
  const padded = encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=');
  return {
    head: `$O.${snapshotBucket}.M.${padded}`,
    chunks: `$O.${snapshotBucket}.C.${name}`,
  };
}
