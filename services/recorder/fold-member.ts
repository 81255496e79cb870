import { doomedIn, endOperation, outcomeOfOpen, progress, startOperations } from './operations.ts';
import type { Activity, Attribution, Evidence, Holding } from './rows.ts';
import { isActive } from './state.ts';
import { enter, openOperations, putActivity, setNameOf } from './step.ts';
import type { Step } from './step.ts';
import { attributionFor } from './who.ts';
import { removalOf } from './writes.ts';

/** What a new version of a member means for its set, and for the set that it left. */
export function foldMember(step: Step, previous: Holding | undefined, next: Holding): void {
  if (previous?.owner !== undefined && previous.owner !== next.owner) {
    tellMove(step, 'member-left', { setUid: previous.owner, member: next });
    noteMemberChange(step, previous.owner);
    progress(step, previous.owner);
  }
  if (next.owner === undefined) return;
  if (previous?.owner !== next.owner) {
    if (previous !== undefined) {
      tellMove(step, 'member-joined', { setUid: next.owner, member: next });
    }
    noteMemberChange(step, next.owner);
    fillPlace(step, next.owner, next);
  }
  if (previous?.owner === next.owner && isActive(previous) && !isActive(next)) {
    noteMemberChange(step, next.owner);
    noteLoss(step, next.owner, { member: next, after: previous.resourceVersion, gap: false });
  }
  progress(step, next.owner);
}

/** A member that goes on living changes its set; one that is new or gone is told by its operation. */
function tellMove(
  step: Step,
  kind: 'member-left' | 'member-joined',
  { setUid, member }: { readonly setUid: string; readonly member: Holding },
): void {
  const owner = step.state.holdings.get(setUid);
  const set = owner && setNameOf(owner);
  if (set === undefined) return;
  enter(step, kind, { set, member: { name: member.name, uid: member.uid } });
}

export function foldMemberGone(step: Step, previous: Holding, gap: boolean): void {
  if (previous.owner === undefined) return;
  noteMemberChange(step, previous.owner);
  if (isActive(previous)) {
    noteLoss(step, previous.owner, { member: previous, after: previous.resourceVersion, gap });
  }
  progress(step, previous.owner);
}

function noteMemberChange(step: Step, setUid: string): void {
  startOperations(step, setUid, (activity) => activity.operation !== 'member-replaced');
}

type Loss = {
  readonly member: Holding;
  /** The version that was known before it went. */
  readonly after: Holding['resourceVersion'];
  readonly gap: boolean;
};

/**
 * A member is going that its set still wants: the set will have to replace it. A victim of a smaller
 * size is told by the row of that size.
 */
function noteLoss(step: Step, setUid: string, { member, after, gap }: Loss): void {
  const set = step.state.holdings.get(setUid);
  if (set === undefined || set.deleting || set.goneAt !== undefined) return;
  const { purpose } = member;
  if (purpose === 'scale-in' || purpose === 'surge' || purpose === 'retire') return;
  const others = step.state.memberships.get(setUid)?.active ?? 0;
  const wanted = set.wanted ?? 1;
  if (others >= wanted && others - doomedIn(step.state, setUid) >= wanted) return;
  const setName = setNameOf(set);
  if (setName === undefined) return;
  const { arrival, state } = step;
  const write = member.final === true ? undefined : removalOf(member.uid);
  const evidence: Evidence = {
    otherwise: causeOf(member),
    after,
    ...(member.deletedAt === undefined ? {} : { deletedAt: member.deletedAt }),
  };
  const begun = { operation: 'member-replaced', gap, at: arrival.at, write, evidence } as const;
  const by = attributionFor(state, begun);
  const id = enter(step, 'member-lost', {
    set: setName,
    member: { name: member.name, uid: member.uid },
    by,
    gap,
  });
  putActivity(step, {
    id,
    set: setName,
    operation: 'member-replaced',
    member: member.name,
    oldUid: member.uid,
    ...by,
    at: arrival.at,
    ...outcomeOfOpen(state, setName, 'member-replaced'),
    gap,
    ...(write === undefined ? {} : { write, evidence }),
  });
}

/** A command of ours takes it away so that another one takes its place. */
function isRemovedByUs({ purpose }: Holding): boolean {
  return purpose === 'clean-up' || purpose === 'heal' || purpose === 'replace';
}

function causeOf(member: Holding): Attribution {
  const { final, purposeEffect = '?', isCarriedOut } = member;
  if (final === true) return { grade: 'unknown', how: 'the member ended by itself' };
  if (!isRemovedByUs(member)) {
    return { grade: 'unknown', how: 'the cluster does not tell who deletes an object' };
  }
  return isCarriedOut === true ? carriedOutBy(purposeEffect) : meantBy(purposeEffect);
}

/** A command that was carried out: nobody else did it. */
export function carriedOutBy(effect: string): Attribution {
  return { actor: 'rollcall', grade: 'proven', how: `our own command ${effect}` };
}

/** Until its outcome is known, somebody may have been faster than the command. */
function meantBy(effect: string): Attribution {
  const how = `our own command ${effect}, whose outcome is not known`;
  return { actor: 'rollcall', grade: 'inferred', how };
}

/** The new member of a pool takes the place with its name, that of a replica set the oldest free one. */
function fillPlace(step: Step, setUid: string, member: Holding): void {
  if (!isActive(member)) return;
  const place = openOperations(step, setUid).find(
    (open) => isFreePlace(open) && isPlaceFor(open, member),
  );
  if (place === undefined) return;
  const startedAt = place.startedAt ?? step.arrival.at;
  endOperation(step, { ...place, startedAt, newUid: member.uid }, 'done');
}

function isFreePlace(activity: Activity): boolean {
  return activity.operation === 'member-replaced' && activity.newUid === undefined;
}

function isPlaceFor(place: Activity, member: Holding): boolean {
  if (place.oldUid === member.uid) return false;
  return place.set.kind === 'VirtualMachinePool' ? place.member === member.name : true;
}
