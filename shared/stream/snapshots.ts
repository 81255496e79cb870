import type { Shard } from '#shared/contract/ids.ts';
import type { Position } from './position.ts';

/** What is known of a kept snapshot before its body is read. */
export type SnapshotHead = {
  /** Which of the two places of its shard it stands in. */
  readonly place: SnapshotPlace;
  /** Everything up to here is in it. */
  readonly position: Position;
  /** Version of the body's schema. */
  readonly version: number;
  /** sha256 of the body, hex. */
  readonly sha256: string;
  /** Bytes of the body. */
  readonly size: number;
  /** Rises with each write: tells the newer of two. */
  readonly revision: number;
};

/** Two generations of each shard: while one is being written, the other stands. */
export const snapshotPlaces = ['a', 'b'] as const;
export type SnapshotPlace = (typeof snapshotPlaces)[number];

/**
 * Where a reader that folds the log puts down what it has folded, so that the next need not begin at
 * the first record. Losing one costs time, never truth; so nothing is repeated for ever here, and what
 * cannot be done is thrown.
 */
export interface Snapshots {
  /** The generations of a shard, the newest first. */
  find(shard: Shard): Promise<readonly SnapshotHead[]>;

  /** The body; undefined when what is there is not what the head promises. */
  read(shard: Shard, head: SnapshotHead): Promise<Uint8Array | undefined>;

  /** Puts a snapshot in the place of the older generation. */
  save(shard: Shard, snapshot: NewSnapshot): Promise<SnapshotHead>;

  /** Says that a snapshot stands for a later position too: nothing was recorded in its shard since. */
  move(shard: Shard, head: SnapshotHead, position: Position): Promise<SnapshotHead>;
}

export type NewSnapshot = {
  readonly position: Position;
  readonly version: number;
  readonly body: Uint8Array;
};

/** Where the next snapshot goes: never onto the newest one. */
export function placeForNext(heads: readonly SnapshotHead[]): SnapshotPlace {
  return heads[0]?.place === 'a' ? 'b' : 'a';
}

export function newestFirst(heads: readonly SnapshotHead[]): readonly SnapshotHead[] {
  return heads.toSorted((left, right) => right.revision - left.revision);
}
