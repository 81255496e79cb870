import type { Uid } from '#shared/contract/ids.ts';
import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Moment } from '#shared/contract/records.ts';
import { contestedUntil } from './contest.ts';
import { contestedHold, firstHold, holdsOf, isNews, modeHold, unsynced } from './holds.ts';
import { isPaused, modeOf } from './mode.ts';
import { setOf } from './objects.ts';
import { tell, wait, type Outcome } from './outcome.ts';
import { pendingOf } from './pending.ts';
import { planFor, type Work } from './plan.ts';
import { decideBereaved } from './pool/bereaved.ts';
import { poolRound } from './pool/round.ts';
import { replicaSetRound } from './replicaset/round.ts';
import { specProblem } from './spec-problem.ts';
import type { Hold, Round, Situation } from './situation.ts';
import { emptyMemory, type View } from './view.ts';

/**
 * What to do about one set now. It depends on the view and the moment alone, not on what woke the
 * asker: the same two give the same answer to the byte. A changed hold is told before anything is done;
 * then the first concern that has something to do makes the plan, with events and status beside it.
 */
export function decide(view: View, uid: Uid, moment: Moment): Outcome {
  const set = setOf(view, uid);
  if (view.epoch === 0) return wait('nobody has opened the shard');
  if (set === undefined) return decideBereaved(view, uid, moment);
  const mode = modeOf(set, moment.policy);
  if (mode === 'observe') return observe(view, set);
  const situation = situationOf(view, set, { moment, mode });
  const contested = mode === 'manage' ? contestedHold(view, set, moment) : undefined;
  if (contested !== undefined) return onlyHold(situation, contested);
  const lacking = unsynced(view, set, moment);
  if (lacking === undefined) return act(situation);
  const { hold, because, wakeAt } = lacking;
  if (hold !== undefined && isNews(situation.memory, hold)) return tell(view, set, hold);
  return wait(because, wakeAt);
}

function situationOf(
  view: View,
  set: ScaledSet,
  { moment, mode }: Pick<Situation, 'moment' | 'mode'>,
): Situation {
  return {
    view,
    set,
    memory: view.memories.get(set.meta.uid) ?? emptyMemory(),
    moment,
    mode,
    paused: isPaused(set, moment.policy),
    problem: specProblem(set),
    pending: pendingOf(view, set.meta.uid),
  };
}

/** Books only. An annotation that nobody understands is told all the same. */
function observe(view: View, set: ScaledSet): Outcome {
  const hold = modeHold(set);
  const memory = view.memories.get(set.meta.uid) ?? emptyMemory();
  if (isNews(memory, hold)) return tell(view, set, hold);
  return wait(hold?.because ?? 'only observing');
}

/** Nothing may be done but to say why, once in the log and once as an event. */
function onlyHold(situation: Situation, hold: Hold): Outcome {
  const { view, set, memory } = situation;
  if (isNews(memory, hold)) return tell(view, set, hold);
  const round = roundOf(situation);
  const plan = planFor(situation, {
    round,
    work: undefined,
    hold,
    trouble: undefined,
    status: false,
  });
  if (plan.type === 'act') return plan;
  return wait(hold.because, contestedUntil(memory, situation.moment.now));
}

function act(situation: Situation): Outcome {
  const { view, set, memory } = situation;
  const round = roundOf(situation);
  const hold = firstHold(holdsOf(situation, round));
  // A set on its way out needs no word that something no longer holds it.
  const leaving = hold === undefined && set.meta.deletedAt !== undefined;
  if (!leaving && isNews(memory, hold)) return tell(view, set, hold);
  return planFor(situation, {
    round,
    work: round.steps.find((step): step is Work => step.type === 'act'),
    hold,
    trouble: situation.problem ?? round.steps.find((step) => step.trouble !== undefined)?.trouble,
    status: true,
  });
}

function roundOf(situation: Situation): Round {
  const { set } = situation;
  return set.kind === 'VirtualMachinePool'
    ? poolRound({ ...situation, set })
    : replicaSetRound({ ...situation, set });
}
