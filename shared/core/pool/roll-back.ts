import type { Pool } from '#shared/contract/objects.ts';
import { rollBackAnnotation } from '#shared/contract/words.ts';
import { refusalText, refusalsOf, waitsUntil } from '../refusals.ts';
import { effectAt, isPending, nothing, type Situation, type Step } from '../situation.ts';
import type { PoolMembers } from './members.ts';

/** Writes an earlier template back into the pool when an annotation names its revision. */
export function rollBack(situation: Situation<Pool>, { revisions }: PoolMembers): Step {
  const { view, set, memory, moment } = situation;
  const name = set.meta.annotations[rollBackAnnotation];
  if (name === undefined) return nothing;
  const revision = revisions.find(({ meta }) => meta.name === name);
  if (revision === undefined) {
    const because = `there is no revision ${name} of this pool to go back to`;
    return { type: 'pass', because, trouble: { reason: 'FailedRollBack', message: because } };
  }
  const because = `${rollBackAnnotation} asks for ${name}`;
  if (isPending(situation, 'roll-back')) return { type: 'pass', because };
  const refusal = refusalsOf(memory, { class: 'roll-back' }).findLast(
    ({ behind }) => behind === undefined,
  );
  const trouble = refusal && {
    reason: 'FailedRollBack',
    message: `rolling back to ${name} is refused: ${refusalText(refusal)}`,
  };
  const wakeAt = waitsUntil(view, memory, { class: 'roll-back', now: moment.now });
  if (wakeAt !== undefined) return { type: 'pass', because, wakeAt, trouble };
  const { uid } = revision.meta;
  const effect = effectAt(situation, 0);
  return {
    type: 'act',
    because,
    trouble,
    commands: [{ verb: 'roll-back', effect, because, revision: { name, uid } }],
  };
}
