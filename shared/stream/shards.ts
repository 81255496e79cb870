import { createHash } from 'node:crypto';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Shard } from '#shared/contract/ids.ts';

/** How many shards a cluster's namespaces fall into; part of the wire format, never changed. */
const shardCount = 64;

/** Holds what belongs to no namespace; nothing is decided from it. */
export const clusterShard: Shard = shardSchema.parse('cl');

/** The shards that decisions are made in. */
export const namespaceShards: readonly Shard[] = Array.from({ length: shardCount }, (_, number) =>
  shardSchema.parse(String(number).padStart(2, '0')),
);

export const allShards: readonly Shard[] = [...namespaceShards, clusterShard];

/**
 * The shard of a namespace: the first four bytes, big endian, of sha256(clusterId/namespace) mod 64.
 * `clusterId` is the uid of the namespace kube-system. The empty namespace is the cluster's own shard.
 */
export function shardOf(clusterId: string, namespace: string): Shard {
  if (namespace === '') return clusterShard;
  const digest = createHash('sha256').update(`${clusterId}/${namespace}`).digest();
  return namespaceShards[digest.readUInt32BE(0) % shardCount] ?? clusterShard;
}
