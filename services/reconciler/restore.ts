import type { Shard } from '#shared/contract/ids.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Logger } from '#shared/process/logger.ts';
import { checkPosition } from '#shared/stream/lineage.ts';
import type { Position } from '#shared/stream/position.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import type { SnapshotHead } from '#shared/stream/snapshots.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Decider } from './decider.ts';
import { isDeskMark } from './desk-mark.ts';
import type { DeskMark } from './desk-mark.ts';
import { unpack } from './packing.ts';

/** What one shard begins with. */
export type Restored<View> = {
  readonly view: View;
  readonly mark: DeskMark;
  readonly head: SnapshotHead;
};

type Parts<View> = {
  readonly stream: Stream;
  readonly log: Logger;
  readonly decider: Decider<View>;
};

/** Why a snapshot that is there is not used. */
type Flaw =
  | 'written by another version'
  | 'of another log, or ahead of this one'
  | 'records after it have aged out'
  | 'not what its head promises'
  | 'not a snapshot of this shard';

/**
 * The newest snapshot of each shard that stands in the log as it is now. One that does not is passed
 * over for the older generation, and a shard without any is folded from the log; why is said in the log.
 */
export async function restoreAll<View>(
  parts: Parts<View>,
): Promise<ReadonlyMap<Shard, Restored<View>>> {
  const check = createCheck(parts.stream);
  const flaws = new Map<Flaw, string[]>();
  const restored = new Map<Shard, Restored<View>>();
  const asked = namespaceShards.map((shard) => parts.stream.snapshots.find(shard));
  for (const [index, shard] of namespaceShards.entries()) {
    for (const head of (await asked[index]) ?? []) {
      const found = await restore({ ...parts, check }, shard, head);
      if (typeof found !== 'string') {
        restored.set(shard, found);
        break;
      }
      flaws.set(found, [...(flaws.get(found) ?? []), `${shard}-${head.place}`]);
    }
  }
  for (const [because, snapshots] of flaws) {
    parts.log.warn({ because, snapshots }, 'snapshots are not used');
  }
  return restored;
}

type Check = (position: Position) => ReturnType<typeof checkPosition>;

async function restore<View>(
  { stream, decider, check }: Parts<View> & { readonly check: Check },
  shard: Shard,
  head: SnapshotHead,
): Promise<Restored<View> | Flaw> {
  if (head.version !== decider.snapshotVersion) return 'written by another version';
  const standing = await check(head.position);
  if (standing === 'broken') return 'of another log, or ahead of this one';
  if (standing === 'gap') return 'records after it have aged out';
  const body = await stream.snapshots.read(shard, head);
  if (body === undefined) return 'not what its head promises';
  const packed = unpack(body);
  if (!isRecord(packed) || packed['shard'] !== shard) return 'not a snapshot of this shard';
  const { mark, ...snapshot } = packed;
  const view = decider.fromSnapshot(snapshot);
  if (view === undefined || !isDeskMark(mark)) return 'not a snapshot of this shard';
  return { view, mark, head };
}

/** Shards that were quiet stand at the same position, which is asked for once. */
function createCheck(stream: Stream): Check {
  const known = new Map<string, ReturnType<typeof checkPosition>>();
  return (position) => {
    const key = `${position.lineage}/${position.sequence}/${position.hash}`;
    const answer = known.get(key) ?? checkPosition(stream, position);
    known.set(key, answer);
    return answer;
  };
}
