import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Decided } from '#shared/contract/records.ts';
import { checkBereaved } from './check/bereaved.ts';
import { checkBounds } from './check/bounds.ts';
import { checkCreates } from './check/creates.ts';
import { checkIdentity } from './check/identity.ts';
import { checkRemovals } from './check/removals.ts';
import { checkWrites } from './check/writes.ts';
import type { Checked } from './check/checked.ts';
import { isPaused } from './mode.ts';
import { setOf } from './objects.ts';
import { pendingOf } from './pending.ts';
import { bereavedOf } from './pool/bereaved.ts';
import { specProblem } from './spec-problem.ts';
import { emptyMemory, type View } from './view.ts';

/**
 * What is wrong with a plan, as sentences that begin with the invariant's number in INVARIANTS.md; none
 * for a good one. It is an assertion on our own thinking: a plan that fails is withheld, never mended.
 */
export function checkPlan(view: View, decided: Decided): readonly string[] {
  const set = setIn(view, decided);
  if (set === undefined) return ['I9 the plan is about a set that is not in the view'];
  const checked: Checked = {
    view,
    set,
    decided,
    memory: view.memories.get(set.meta.uid) ?? emptyMemory(),
    moment: decided.moment,
    mode: decided.mode,
    paused: isPaused(set, decided.moment.policy),
    problem: specProblem(set),
    pending: pendingOf(view, set.meta.uid),
  };
  const checks = [checkIdentity, checkBounds, checkCreates, checkRemovals, checkWrites];
  return [...checks, checkBereaved].flatMap((check) => check(checked));
}

function setIn(view: View, { set }: Decided): ScaledSet | undefined {
  return set.gone === true ? bereavedOf(view, set.uid)?.set : setOf(view, set.uid);
}
