import type { Shard } from '#shared/contract/ids.ts';
import { hashOf } from './frame.ts';
import { newestFirst, placeForNext } from './snapshots.ts';
import type { SnapshotHead, Snapshots } from './snapshots.ts';

type Kept = { readonly head: SnapshotHead; readonly body: Uint8Array };

export type MemorySnapshots = Snapshots & {
  /** Changes one byte of the newest body of a shard, as a bad disk would. */
  spoil(shard: Shard): void;
  /** As after somebody has deleted the bucket and made it again. */
  clear(): void;
};

/** Snapshots in memory. */
export function createMemorySnapshots(): MemorySnapshots {
  const shelves = new Map<Shard, Map<string, Kept>>();
  let revision = 0;

  function shelfOf(shard: Shard): Map<string, Kept> {
    const known = shelves.get(shard) ?? new Map<string, Kept>();
    shelves.set(shard, known);
    return known;
  }

  function headsOf(shard: Shard): readonly SnapshotHead[] {
    return newestFirst([...shelfOf(shard).values()].map(({ head }) => head));
  }

  return {
    find: async (shard) => headsOf(shard),
    async read(shard, { place, sha256 }) {
      const body = shelfOf(shard).get(place)?.body;
      return body !== undefined && hashOf(body) === sha256 ? body : undefined;
    },
    async save(shard, { position, version, body }) {
      const place = placeForNext(headsOf(shard));
      revision += 1;
      const size = body.byteLength;
      const head = { place, position, version, sha256: hashOf(body), size, revision };
      shelfOf(shard).set(place, { head, body: Uint8Array.from(body) });
      return head;
    },
    async move(shard, { place }, position) {
      const kept = shelfOf(shard).get(place);
      if (kept === undefined) throw new Error(`there is no snapshot ${shard}-${place}`);
      revision += 1;
      const head = { ...kept.head, position, revision };
      shelfOf(shard).set(place, { ...kept, head });
      return head;
    },
    clear: () => shelves.clear(),
    spoil(shard) {
      const [newest] = headsOf(shard);
      const body = newest && shelfOf(shard).get(newest.place)?.body;
      if (body !== undefined) body[0] = (body[0] ?? 0) ^ 1;
    },
  };
}
