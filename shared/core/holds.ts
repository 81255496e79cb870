import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Moment } from '#shared/contract/records.ts';
import { contestedBy, modeProblem } from './mode.ts';
import type { Hold, Round, Situation, Step } from './situation.ts';
import { unsyncedKinds, unsyncedSince } from './synced.ts';
import type { Memory, View } from './view.ts';

/** Surveys take seconds; only a kind that stays away longer is worth telling. */
const tellUnsyncedAfterMs = 60_000;
/** A list older than what is known will not get better by waiting; the other kinds are listed within this. */
const tellRefusedAfterMs = 5_000;

/** Holds whose words may change while they stand; the others are told again when theirs do. */
const toldByReason: ReadonlySet<string> = new Set([
  'Unsynced',
  'Poisoned',
  'MassDeleteBlocked',
  'DiskReplacementHeld',
  'HealingHeld',
]);

/** The order in which holds matter; a set tells one at a time. */
const precedence = [
  'Poisoned',
  'AgedOut',
  'MassDeleteBlocked',
  'InvalidTemplate',
  'InvalidSelector',
  'SelectorMismatch',
  'VolumeSafety',
  'InvalidAnnotation',
  'DiskReplacementHeld',
  'HealingHeld',
];

/** Whether a hold, or that there is none any more, still has to be told. */
export function isNews(memory: Memory, hold: Hold | undefined): boolean {
  const { held } = memory;
  if (hold === undefined || held === undefined) return hold?.reason !== held?.reason;
  if (hold.reason !== held.reason) return true;
  return !toldByReason.has(hold.reason) && hold.because !== held.because;
}

/** The hold that stands before the others. */
export function firstHold(holds: readonly Hold[]): Hold | undefined {
  return holds.toSorted(
    (left, right) => precedence.indexOf(left.reason) - precedence.indexOf(right.reason),
  )[0];
}

/** Holds of the spec, of the set as a whole, and of each concern. */
export function holdsOf({ problem, set }: Situation, round: Round): readonly Hold[] {
  const ofSpec =
    problem === undefined || set.meta.deletedAt !== undefined
      ? []
      : [{ reason: problem.reason, because: problem.message }];
  return [...ofSpec, ...round.holds, ...round.steps.flatMap(holdOf)];
}

function holdOf({ hold }: Step): readonly Hold[] {
  return hold === undefined ? [] : [hold];
}

/** A mode that nobody knows: observed, and told. */
export function modeHold(set: ScaledSet): Hold | undefined {
  const because = modeProblem(set);
  return because === undefined ? undefined : { reason: 'InvalidMode', because };
}

export function contestedHold(view: View, set: ScaledSet, moment: Moment): Hold | undefined {
  const because = contestedBy(view, set, moment);
  return because === undefined ? undefined : { reason: 'Contested', because };
}

export type Unsynced = {
  readonly because: string;
  /** Present once it has lasted long enough to be told. */
  readonly hold?: Hold;
  readonly wakeAt?: number;
};

/** What is not known well enough to act on this set. */
export function unsynced(view: View, set: ScaledSet, moment: Moment): Unsynced | undefined {
  const kinds = unsyncedKinds(view, set, moment.policy);
  if (kinds.length === 0) return undefined;
  const older = kinds.filter((kind) => view.kinds.get(kind)?.refused !== undefined);
  const because =
    older.length === 0
      ? `waiting for a whole survey of ${kinds.join(', ')}`
      : `the cluster lists ${older.join(', ')} at an older version than it was known at: if it was restored from a backup, rollcall accept-rewind lets the log follow it`;
  const patienceMs = older.length === 0 ? tellUnsyncedAfterMs : tellRefusedAfterMs;
  const tellAt = unsyncedSince(view, kinds) + patienceMs;
  if (moment.now < tellAt) return { because, wakeAt: tellAt };
  return { because, hold: { reason: 'Unsynced', because } };
}
