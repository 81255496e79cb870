import type { EffectId } from '#shared/contract/ids.ts';
import { nothing, type Situation, type Step } from './situation.ts';
import type { Pending } from './view.ts';

/** Creates that may still be called back: no outcome is known, and nobody has asked yet. */
export function unstartedCreates(pending: readonly Pending[]): readonly Pending[] {
  return pending.filter(
    ({ command, outcome, withdrawn }) =>
      (command.verb === 'create-vm' || command.verb === 'create-vmi') &&
      outcome === undefined &&
      !withdrawn,
  );
}

/** The same for deletes by scale-in. Clearing away what has ended saves no member by being undone. */
function unstartedDeletes(pending: readonly Pending[]): readonly Pending[] {
  return pending.filter(
    (removal) => isScaleIn(removal) && removal.outcome === undefined && !removal.withdrawn,
  );
}

function isScaleIn({ command }: Pending): boolean {
  if (command.verb !== 'delete-member') return false;
  return command.purpose === 'scale-in' || command.purpose === 'surge';
}

/** Where a set stands, as far as turning back goes. */
export type Course = {
  readonly desired: number;
  /** Members that stand and that no delete of ours is about. */
  readonly staying: number;
  /** Creates on their way. */
  readonly coming: number;
  /** Nothing may be removed any more, so every delete that has not begun is called back. */
  readonly keepAll: boolean;
};

/**
 * Commands of earlier plans that the wanted size no longer calls for: creates beyond it, the newest
 * first but for extra members, and deletes below it, the newest first. They stay pending until the executor has settled them,
 * because some may have begun; so creates that are called back already are not counted again.
 */
export function turnBack(
  pending: readonly Pending[],
  { desired, staying, coming, keepAll }: Course,
): readonly EffectId[] {
  const calledBack = pending.filter(
    ({ command, withdrawn, outcome }) =>
      withdrawn &&
      outcome === undefined &&
      (command.verb === 'create-vm' || command.verb === 'create-vmi'),
  ).length;
  const savedAlready = pending.filter(
    (removal) => isScaleIn(removal) && removal.withdrawn && removal.outcome === undefined,
  ).length;
  const tooMany = staying + coming - calledBack - desired;
  const tooFew = keepAll ? pending.length : desired - staying - savedAlready;
  const creates = extrasFirst(newestFirst(unstartedCreates(pending))).slice(
    0,
    Math.max(0, tooMany),
  );
  const deletes = newestFirst(unstartedDeletes(pending)).slice(0, Math.max(0, tooFew));
  return [...creates, ...deletes].map(({ command }) => command.effect);
}

/** How a kind of set gets from where it stands to its size. */
export type Moves = {
  /** What the set shall have now. */
  readonly target: number;
  readonly staying: number;
  readonly coming: number;
  readonly missing: number;
  readonly surplus: number;
  readonly keepAll: boolean;
  readonly out: () => Step;
  readonly in: () => Step;
};

/**
 * Brings a set to its size. What is on its way and no longer wanted is called back first; the same plan
 * may already do the rest, as the two never touch the same member.
 */
export function toSize({ pending }: Situation, moves: Moves): Step {
  const { target, staying, coming, keepAll } = moves;
  const withdraws = [...turnBack(pending, { desired: target, staying, coming, keepAll })];
  const step = moves.missing > 0 ? moves.out() : moves.surplus > 0 ? moves.in() : nothing;
  if (withdraws.length === 0) return step;
  if (step.type === 'act') return { ...step, withdraws };
  const because = `replicas is ${target} now: what has not begun is called back`;
  return { ...step, type: 'act', because, commands: [], withdraws };
}

/** Of what is on its way the extra members of a roll-out are needed least. */
function extrasFirst(creates: readonly Pending[]): readonly Pending[] {
  const isExtra = ({ command }: Pending): boolean =>
    command.verb === 'create-vm' && command.extra === true;
  return [...creates.filter(isExtra), ...creates.filter((create) => !isExtra(create))];
}

/** Pending commands stand oldest first, and within a plan lowest ordinal first. */
function newestFirst(pending: readonly Pending[]): readonly Pending[] {
  return pending.toReversed();
}
