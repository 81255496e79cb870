import type {
  Activity,
  Evidence,
  Hold,
  Holding,
  Operation,
  OperationOutcome,
  SetName,
} from './rows.ts';
import { isActive } from './state.ts';
import type { BookState } from './state.ts';
import { enter, openOperations, putActivity } from './step.ts';
import type { Step } from './step.ts';
import { attributionFor } from './who.ts';
import { removalOf, writeOf } from './writes.ts';

export type SizeChange = {
  readonly set: SetName;
  readonly operation: Exclude<Operation, 'member-replaced'>;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly evidence: Evidence;
  readonly gap: boolean;
  readonly resourceVersion: string;
  readonly generation?: number | undefined;
};

/** Opens an operation on the size of a set; whatever was being reached before is overtaken. */
export function openSizeChange(step: Step, change: SizeChange): void {
  const { evidence: known, ...told } = change;
  const { generation } = told;
  const evidence = { ...known, ...(generation === undefined ? {} : { generation }) };
  const { set, operation, from, to, gap } = told;
  const before = openOperations(step, set.uid);
  const isDeleting = before.some((open) => open.operation === 'deleted');
  for (const open of before) {
    if (isOvertaken(open, operation)) endOperation(step, open, 'superseded');
  }
  const write =
    operation === 'deleted' ? removalOf(set.uid) : writeOf(set.uid, change.resourceVersion);
  const begun = { operation, to, gap, at: step.arrival.at, write, evidence };
  const by = attributionFor(step.state, begun);
  const { otherwise: _said, ...facts } = evidence;
  const id = enter(step, 'size-changed', { ...told, ...facts, by });
  const activity: Activity = {
    id,
    set,
    operation,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...by,
    at: step.arrival.at,
    ...outcomeOfOpen(step.state, set, operation),
    gap,
    write,
    evidence,
  };
  putActivity(step, activity);
  // What was there before the book began is not an operation that anyone waits for.
  if (operation === 'found') endOperation(step, activity, 'done');
  // Nobody strives for another size of a set that is going.
  if (isDeleting) endOperation(step, activity, 'superseded');
}

function isOvertaken(open: Activity, by: Operation): boolean {
  if (open.operation === 'deleted') return false;
  return open.operation !== 'member-replaced' || by === 'deleted';
}

export function endOperation(step: Step, activity: Activity, outcome: OperationOutcome): void {
  const { reason: _over, ...rest } = activity;
  const ended: Activity = { ...rest, outcome, finishedAt: step.arrival.at };
  enter(step, 'operation-ended', {
    activity: ended.id,
    set: ended.set,
    operation: ended.operation,
    outcome,
    newUid: ended.newUid,
    startedAt: ended.startedAt,
    finishedAt: ended.finishedAt,
  });
  putActivity(step, ended);
}

/**
 * How an operation stands that has not ended: a set that is held does nothing for it. A pause holds
 * nothing up that is there to delete the set.
 */
export function outcomeOfOpen(
  state: BookState,
  { uid }: SetName,
  operation: Operation,
): Pick<Activity, 'outcome' | 'reason'> {
  const rests = operation !== 'deleted' && state.holdings.get(uid)?.rests === true;
  const reason = state.holds.get(uid) ?? (rests ? 'Paused' : undefined);
  return reason === undefined ? { outcome: 'running' } : { outcome: 'held', reason };
}

/** A set may not act any more, or may again: so it is with its open operations, and those to come. */
export function changeHold(step: Step, hold: Hold): void {
  const { uid } = hold.set;
  const { state, changes } = step;
  changes.holds.set(uid, hold);
  if (hold.reason === undefined) state.holds.delete(uid);
  else state.holds.set(uid, hold.reason);
  judgeOpen(step, uid);
}

/** Says anew of each open operation of a set whether something holds it up. */
export function judgeOpen(step: Step, setUid: string): void {
  for (const open of openOperations(step, setUid)) {
    const { reason: _earlier, ...rest } = open;
    putActivity(step, { ...rest, ...outcomeOfOpen(step.state, open.set, open.operation) });
  }
}

/** Marks the beginning of the open operations that `concerns`, once. */
export function startOperations(
  step: Step,
  setUid: string,
  concerns: (activity: Activity) => boolean,
): void {
  for (const open of openOperations(step, setUid)) {
    if (open.startedAt === undefined && concerns(open)) {
      putActivity(step, { ...open, startedAt: step.arrival.at });
    }
  }
}

/** Ends the operations of a set that have reached what they were for. */
export function progress(step: Step, setUid: string): void {
  const open = openOperations(step, setUid);
  if (open.length === 0) return;
  const set = step.state.holdings.get(setUid);
  if (set === undefined) return;
  for (const activity of open) {
    const outcome = outcomeOf(step.state, set, activity);
    if (outcome !== undefined) endOperation(step, activity, outcome);
  }
}

function outcomeOf(
  state: BookState,
  set: Holding,
  activity: Activity,
): OperationOutcome | undefined {
  const present = presentIn(state, set);
  switch (activity.operation) {
    case 'created':
    case 'scaled':
      return present === activity.to && doomedIn(state, set.uid) === 0 ? 'done' : undefined;
    case 'deleted':
      return set.goneAt !== undefined && present === 0 ? 'done' : undefined;
    case 'member-replaced': {
      if (activity.newUid !== undefined) return 'done';
      // The set has all it wants without a replacement: a lower size came in between.
      const old = activity.oldUid === undefined ? undefined : state.holdings.get(activity.oldUid);
      const isGone = old === undefined || old.goneAt !== undefined;
      return isGone && isAtRest(state, set) ? 'superseded' : undefined;
    }
    case 'found':
      return 'done';
  }
}

/**
 * The members that a set has. A pool counts terminating ones too, for they still hold their names; a
 * replica set does not (kubevirt pool.go counts all it owns, replicaset.go the active).
 */
function presentIn(state: BookState, set: Holding): number {
  const membership = state.memberships.get(set.uid);
  if (membership === undefined) return 0;
  const isCountedWhole = set.kind === 'VirtualMachinePool' || set.goneAt !== undefined;
  return isCountedWhole ? membership.uids.size : membership.active;
}

/** Active members that a smaller size takes away: present for now, but not for the size. */
export function doomedIn(state: BookState, setUid: string): number {
  const uids = state.memberships.get(setUid)?.uids ?? new Set();
  let doomed = 0;
  for (const uid of uids) {
    const member = state.holdings.get(uid);
    const isSurplus = member?.purpose === 'scale-in' || member?.purpose === 'surge';
    if (isSurplus && isActive(member)) doomed += 1;
  }
  return doomed;
}

function isAtRest(state: BookState, set: Holding): boolean {
  const membership = state.memberships.get(set.uid);
  const active = membership?.active ?? 0;
  const isFull = active === (set.wanted ?? 1) && (membership?.uids.size ?? 0) === active;
  return isFull && doomedIn(state, set.uid) === 0;
}
