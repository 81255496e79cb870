import type { DeletedVolume, Holding, Named, SetName } from './rows.ts';
import { findByName, isMember, sizeAsOf } from './state.ts';
import type { BookState } from './state.ts';
import { enter, putVolume, setNameOf } from './step.ts';
import type { Step } from './step.ts';
import { findVolume } from './volumes.ts';

/** The cause of a disk that no command of ours took. */
export const outsideCause = 'deleted outside Rollcall';

/** How the cause of a disk begins that outlives its member. */
export const keptBy = 'kept: ';

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
  const told = findVolume(step.state, { claim: claim.uid, dataVolume: known?.owner });
  if (told?.state === 'gone' && told.claim !== undefined) return;
  // The command that once endangered a kept disk is not what took it.
  const row =
    told === undefined || told.state === 'kept' ? lostToOthers(step, claim, { known, told }) : told;
  if (row === undefined) return;
  const { name, uid } = claim;
  endRow(step, { ...row, ...disksOf(step.state, known), claim: { name, uid } }, { gap, told });
}

/**
 * A DataVolume has left the cluster. Where there is a claim, that one is the disk; one that never had a claim
 * has nothing more to lose.
 */
export function foldDataVolumeGone(
  step: Step,
  { uid }: { readonly uid: string },
  gap: boolean,
): void {
  const told = findVolume(step.state, { dataVolume: uid });
  if (told === undefined || told.claim !== undefined || told.state === 'gone') return;
  endRow(step, told.state === 'kept' ? keptUntilNow(told) : told, { gap, told });
}

type Ending = { readonly gap: boolean; readonly told: DeletedVolume | undefined };

function endRow(step: Step, row: DeletedVolume, { gap, told }: Ending): void {
  const gone: DeletedVolume = { ...row, goneAt: step.arrival.at, state: 'gone' };
  putVolume(step, gone);
  enter(step, 'disk-gone', { ...gone, gap, ...keepingOf(told) });
}

/**
 * A version of a claim was seen. A row that was made for its DataVolume is its own, also where that one
 * went before anybody had seen the claim. One that is terminating will go as soon as nobody uses it: if no
 * command of ours endangers it, others have deleted it, and what is decided later is not the cause.
 */
export function foldClaim(step: Step, previous: Holding | undefined, claim: Holding): void {
  const { name, uid, namespace, deleting } = claim;
  const told = findVolume(step.state, { claim: uid, dataVolume: claim.owner });
  if (told !== undefined && told.claim === undefined) {
    const { goneAt: _goneAt, ...row } = told;
    const state = told.state === 'gone' ? 'at risk' : told.state;
    putVolume(step, { ...row, ...disksOf(step.state, claim), claim: { name, uid }, state });
  }
  if (!deleting || previous?.deleting === true) return;
  if (told !== undefined && told.state !== 'kept') return;
  const row = lostToOthers(step, claim, { known: claim, told });
  if (row === undefined) return;
  const going: DeletedVolume = { ...row, ...disksOf(step.state, claim), claim: { name, uid } };
  putVolume(step, going);
  enter(step, 'disk-going', { ...going, namespace, ...keepingOf(told) });
}

/** Which decision had kept the disk, for the line that tells of its end. */
function keepingOf(told: DeletedVolume | undefined): object {
  if (told?.state !== 'kept') return {};
  const { cause, because, decision, effect, activity } = told;
  return { kept: { cause, because, decision, effect, activity } };
}

type Told = {
  readonly known: Holding | undefined;
  readonly told: DeletedVolume | undefined;
};

/**
 * The row of a disk that no command took. One that was kept outlives its member, and what kept it is not
 * what it went with.
 */
function lostToOthers(
  step: Step,
  claim: GoneClaim,
  { known, told }: Told,
): DeletedVolume | undefined {
  if (told === undefined) return rowOfStranger(step, claim, known);
  const owner = ownerMember(step.state, known);
  const row = owner === undefined ? undefined : rowOfStranger(step, claim, known);
  if (row === undefined || row.activity === told.activity) return keptUntilNow(told);
  return { ...row, key: told.key };
}

function keptUntilNow(told: DeletedVolume): DeletedVolume {
  const { decision: _decision, effect: _effect, activity: _activity, ...row } = told;
  const before = told.cause.startsWith(keptBy) ? told.cause.slice(keptBy.length) : told.cause;
  return {
    ...row,
    cause: outsideCause,
    because: `it had been kept: ${before}`,
    applied: true,
    state: 'at risk',
  };
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

/** The member that owns the claim, else the one that names it. */
function memberOf(
  state: BookState,
  claim: GoneClaim,
  known: Holding | undefined,
): Holding | undefined {
  const owner = ownerMember(state, known);
  if (owner !== undefined) return owner;
  const user = state.users.get(`${claim.namespace}/${claim.name}`);
  return user === undefined ? undefined : state.holdings.get(user);
}

/** Up the owners from claim over DataVolume to the member. */
function ownerMember(state: BookState, known: Holding | undefined): Holding | undefined {
  let uid = known?.owner;
  // A chain is claim, DataVolume, VM; a longer one would be a loop.
  for (let steps = 0; uid !== undefined && steps < 4; steps += 1) {
    const owner: Holding | undefined = state.holdings.get(uid);
    if (owner !== undefined && isMember(owner)) return owner;
    uid = owner?.owner;
  }
  return undefined;
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
