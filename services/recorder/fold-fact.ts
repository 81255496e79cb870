import { compareResourceVersions } from '#shared/contract/ids.ts';
import type { ResourceVersion } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { foldClaim, foldClaimGone, foldDataVolumeGone } from './fold-disk.ts';
import { foldMember, foldMemberGone } from './fold-member.ts';
import { foldSet, foldSetGone } from './fold-set.ts';
import { holdingOf, isSameHolding } from './holding-of.ts';
import type { Holding } from './rows.ts';
import { findByName, isMember, placeHolding } from './state.ts';
import { putHolding } from './step.ts';
import type { Step } from './step.ts';
import type { Survey } from './surveys.ts';

/**
 * A version of an object was seen. Versions that are not newer than the known one say nothing, and a
 * uid that has gone never comes back.
 */
export function foldObserved(step: Step, object: Observable, surveyed: boolean): void {
  const seen = holdingOf(object, step.arrival.shard);
  if (seen === undefined) return;
  const { state } = step;
  const previous = state.holdings.get(seen.uid);
  if (previous === undefined && isMember(seen) && seen.owner === undefined) return;
  if (previous !== undefined && !isNewer(seen, previous)) return;
  const namesake = findByName(state, seen.kind, seen);
  if (namesake !== undefined && namesake.uid !== seen.uid) {
    if (!isNewer(seen, namesake)) return;
    foldGone(step, namesake, true);
  }
  const next = previous === undefined ? seen : { ...seen, ...doomOf(previous) };
  if (previous !== undefined && isSameHolding(previous, next) && !isSet(object)) {
    placeHolding(state, next);
    return;
  }
  putHolding(step, next);
  if (isSet(object)) foldSet(step, { previous, next }, { object, surveyed });
  else if (isMember(next)) foldMember(step, previous, next);
  else if (next.kind === 'PersistentVolumeClaim') foldClaim(step, previous, next);
}

/** The watch told of the end of an object. */
export function foldVanished(
  step: Step,
  gone: {
    readonly kind: Kind;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  },
): void {
  const known = step.state.holdings.get(gone.uid);
  if (known !== undefined) foldGone(step, known, false);
  else if (gone.kind === 'PersistentVolumeClaim') {
    foldClaimGone(step, gone, { known: undefined, gap: false });
  } else if (gone.kind === 'DataVolume') {
    foldDataVolumeGone(step, gone, false);
  }
}

/** Whatever was known at the version of a whole survey, and was not in it, is gone. */
export function foldSurveyed(
  step: Step,
  survey: Survey,
  { kind, resourceVersion }: { readonly kind: Kind; readonly resourceVersion: ResourceVersion },
): void {
  const { state, arrival } = step;
  for (const uid of [...(state.shelves.get(`${arrival.shard}/${kind}`) ?? [])]) {
    const holding = state.holdings.get(uid);
    if (holding === undefined || survey.seen.has(uid)) continue;
    if (compareResourceVersions(holding.resourceVersion, resourceVersion) > 0) continue;
    foldGone(step, holding, true);
  }
}

function foldGone(step: Step, previous: Holding, gap: boolean): void {
  if (previous.goneAt !== undefined) return;
  putHolding(step, { ...previous, goneAt: step.arrival.at });
  if (previous.kind === 'PersistentVolumeClaim') {
    foldClaimGone(step, previous, { known: previous, gap });
  } else if (previous.kind === 'DataVolume') {
    foldDataVolumeGone(step, previous, gap);
  } else if (isMember(previous)) {
    foldMemberGone(step, previous, gap);
  } else if (previous.wanted !== undefined) {
    foldSetGone(step, previous, gap);
  }
}

function isNewer(seen: Holding, known: Holding): boolean {
  if (known.goneAt !== undefined) return false;
  return compareResourceVersions(seen.resourceVersion, known.resourceVersion) > 0;
}

/** What commands said of a member outlives the versions of its object. */
function doomOf(previous: Holding): Pick<Holding, 'purpose' | 'purposeEffect' | 'isCarriedOut'> {
  const { purpose, purposeEffect, isCarriedOut } = previous;
  return {
    ...(purpose === undefined ? {} : { purpose }),
    ...(purposeEffect === undefined ? {} : { purposeEffect }),
    ...(isCarriedOut === undefined ? {} : { isCarriedOut }),
  };
}

function isSet(
  object: Observable,
): object is Extract<
  Observable,
  { kind: 'VirtualMachinePool' | 'VirtualMachineInstanceReplicaSet' }
> {
  return object.kind === 'VirtualMachinePool' || object.kind === 'VirtualMachineInstanceReplicaSet';
}
