import type { DeletedVolume } from './rows.ts';
import type { BookState } from './state.ts';

type Index = Pick<BookState, 'volumes' | 'volumeKeys'>;

/** The uids of a disk, as far as whoever asks knows them. */
export type DiskUids = {
  readonly claim?: string | undefined;
  readonly dataVolume?: string | undefined;
};

/**
 * The row of a disk, which may have been made when less of it was known. A DataVolume whose claim was
 * deleted makes another one: that is another disk.
 */
export function findVolume(
  state: Index,
  { claim, dataVolume }: DiskUids,
): DeletedVolume | undefined {
  const row = byUid(state, claim);
  if (row !== undefined) return row;
  const early = byUid(state, dataVolume);
  const isOther = claim !== undefined && early?.claim !== undefined && early.claim.uid !== claim;
  return isOther ? undefined : early;
}

export function placeVolume(state: Index, volume: DeletedVolume): void {
  state.volumes.set(volume.key, volume);
  for (const uid of uidsOf(volume)) state.volumeKeys.set(uid, volume.key);
}

export function dropVolume(state: Index, volume: DeletedVolume): void {
  state.volumes.delete(volume.key);
  for (const uid of uidsOf(volume)) {
    if (state.volumeKeys.get(uid) === volume.key) state.volumeKeys.delete(uid);
  }
}

function byUid({ volumes, volumeKeys }: Index, uid: string | undefined): DeletedVolume | undefined {
  return uid === undefined ? undefined : volumes.get(volumeKeys.get(uid) ?? uid);
}

/** Every uid that the disk is known by. */
export function uidsOf({ claim, dataVolume }: DeletedVolume): readonly string[] {
  return [claim?.uid, dataVolume?.uid].filter((uid) => uid !== undefined);
}
