import type { Shard } from '#shared/contract/ids.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { clusterShard, shardOf } from '#shared/stream/shards.ts';

/** Tells in which shards an object is to be told. */
export interface Places {
  /** The shard that the object belongs to. */
  at(object: Observable): Shard;
  /** The same, and before it the one that the object has just left. */
  of(object: Observable): readonly Shard[];
  forget(object: Observable): void;
}

/**
 * A PersistentVolume lives in the shard of its claim's namespace, one without a claim in the cluster's
 * own; when the claim changes, so does the shard. Then it is told in the old one once more, with its new
 * claim: no view may go on believing the old binding. It is not told there as vanished, which would be
 * untrue and for ever, as the volume may come back. The old shard forgets it at its next survey. All
 * other objects stay where their namespace is.
 */
export function createPlaces(clusterId: string): Places {
  const shards = new Map<string, Shard>();
  const volumes = new Map<string, Shard>();

  function at(object: Observable): Shard {
    const shard = shardOfNamespace(namespaceOf(object));
    if (object.kind === 'PersistentVolume') volumes.set(object.meta.uid, shard);
    return shard;
  }

  function shardOfNamespace(namespace: string): Shard {
    const known = shards.get(namespace);
    if (known !== undefined) return known;
    const shard = namespace === '' ? clusterShard : shardOf(clusterId, namespace);
    shards.set(namespace, shard);
    return shard;
  }

  return {
    at,
    of(object) {
      const left = volumes.get(object.meta.uid);
      const shard = at(object);
      return left === undefined || left === shard ? [shard] : [left, shard];
    },
    forget(object) {
      volumes.delete(object.meta.uid);
    },
  };
}

function namespaceOf(object: Observable): string {
  return object.kind === 'PersistentVolume'
    ? (object.claim?.namespace ?? '')
    : object.meta.namespace;
}
