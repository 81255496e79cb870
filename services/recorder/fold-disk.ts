import type { DeletedVolume, Holding, Named, SetName } from './rows.ts';
import { findByName, isMember, sizeAsOf } from './state.ts';
import type { BookState } from './state.ts';
import { enter, putVolume, setNameOf } from './step.ts';
import type { Step } from './step.ts';

/** The cause of a disk that no command of ours took. */
export const outsideCause = 'deleted outside Rollcall';

/** A claim as a record tells of its end; the object itself may never have been seen. */
export type GoneClaim = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

/** A claim has left the cluster: the row that a command made is closed, or one is made now. */
export function foldClaimGone(
  step: Step,
  claim: GoneClaim,
  { known, gap }: { readonly known: Holding | undefined; readonly gap: boolean },
): void {
  const told = rowOf(step.state, claim, known);
  if (told?.state === 'gone') return;
  // The command that once endangered a kept disk is not what took it.
  const row = told?.state === 'at risk' ? told : rowOfStranger(step, claim, known);
  if (row === undefined) return;
  const gone: DeletedVolume = {
    ...row,
    ...disksOf(step.state, known),
    claim: { name: claim.name, uid: claim.uid },
    goneAt: step.arrival.at,
    state: 'gone',
  };
  putVolume(step, gone);
  enter(step, 'disk-gone', { ...gone, gap });
}

/**
 * A claim is terminating: it will go as soon as nobody uses it. If no command of ours endangers it,
 * others have deleted it, and what is decided later is not the cause.
 */
export function foldClaimTerminating(step: Step, claim: Holding): void {
  const told = rowOf(step.state, claim, claim);
  if (told !== undefined && told.state !== 'kept') return;
  const row = rowOfStranger(step, claim, claim);
  if (row === undefined) return;
  const { name, uid, namespace } = claim;
  const going: DeletedVolume = { ...row, ...disksOf(step.state, claim), claim: { name, uid } };
  putVolume(step, going);
  enter(step, 'disk-going', { ...going, namespace });
}

/** The row of the claim, or the one made for its DataVolume before there was a claim. */
function rowOf(
  state: BookState,
  claim: GoneClaim,
  known: Holding | undefined,
): DeletedVolume | undefined {
  const row = state.volumes.get(claim.uid);
  if (row !== undefined || known?.owner === undefined) return row;
  const early = state.volumes.get(known.owner);
  return early?.claim === undefined ? early : undefined;
}

/**
 * A disk of a set that went without any command of ours: told as soon as it is seen. A disk that never
 * had to do with a set is not our book's.
 */
function rowOfStranger(
  step: Step,
  claim: GoneClaim,
  known: Holding | undefined,
): DeletedVolume | undefined {
  const { state } = step;
  const member = memberOf(state, claim, known);
  const owner = member?.owner === undefined ? undefined : state.holdings.get(member.owner);
  const set = owner && setNameOf(owner);
  if (member === undefined || set === undefined) return undefined;
  const activity = activityFor(state, set, member);
  return {
    key: claim.uid,
    ...(known?.storageClass === undefined ? {} : { storageClass: known.storageClass }),
    ...(known?.size === undefined ? {} : { size: known.size }),
    set,
    member: { name: member.name, uid: member.uid },
    ...(member.ordinal === undefined ? {} : { ordinal: member.ordinal }),
    cause: outsideCause,
    ...(activity === undefined ? {} : { activity }),
    // Somebody's deletion has been carried out: no outcome of ours takes that back.
    applied: true,
    state: 'at risk',
  };
}

/** Up the owners from claim over DataVolume to the member; else the member that names the claim. */
function memberOf(
  state: BookState,
  claim: GoneClaim,
  known: Holding | undefined,
): Holding | undefined {
  let uid = known?.owner;
  // A chain is claim, DataVolume, VM; a longer one would be a loop.
  for (let steps = 0; uid !== undefined && steps < 4; steps += 1) {
    const owner: Holding | undefined = state.holdings.get(uid);
    if (owner !== undefined && isMember(owner)) return owner;
    uid = owner?.owner;
  }
  const user = state.users.get(`${claim.namespace}/${claim.name}`);
  return user === undefined ? undefined : state.holdings.get(user);
}

/**
 * The operation that the disk went with: the loss of its member, the deletion of its set, else a smaller
 * size. None while the member stays, for then somebody deleted the disk itself.
 */
function activityFor(state: BookState, set: SetName, member: Holding): number | undefined {
  if (!member.deleting && member.goneAt === undefined) return undefined;
  const losses = [...(state.begun.get(member.uid)?.values() ?? [])];
  const lost = losses.at(-1) ?? state.open.get(set.uid)?.find((open) => open.oldUid === member.uid);
  if (lost !== undefined) return lost.id;
  const latest = sizeAsOf(state, set.uid);
  if (latest === undefined) return undefined;
  const isLess = (latest.to ?? 0) < (latest.from ?? 0);
  return latest.operation === 'deleted' || isLess ? latest.id : undefined;
}

/** The operation that a disk went with which has a line already. */
export function activityOf(state: BookState, { set, member }: DeletedVolume): number | undefined {
  const holding = member?.uid === undefined ? undefined : state.holdings.get(member.uid);
  return holding === undefined ? undefined : activityFor(state, set, holding);
}

type Disks = { readonly dataVolume?: Named; readonly volume?: Named };

/** DataVolume and PersistentVolume of a claim, as far as they were seen. */
function disksOf(state: BookState, claim: Holding | undefined): Disks {
  if (claim === undefined) return {};
  const owner = claim.owner === undefined ? undefined : state.holdings.get(claim.owner);
  const volume =
    claim.volumeName === undefined
      ? undefined
      : findByName(state, 'PersistentVolume', { namespace: '', name: claim.volumeName });
  return {
    ...(owner?.kind === 'DataVolume' ? { dataVolume: { name: owner.name, uid: owner.uid } } : {}),
    ...(claim.volumeName === undefined
      ? {}
      : {
          volume: {
            name: claim.volumeName,
            ...(volume === undefined ? {} : { uid: volume.uid }),
          },
        }),
  };
}
