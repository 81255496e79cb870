import type { Pool } from '#shared/contract/objects.ts';
import type { Situation, StandingCondition } from '../situation.ts';
import type { Rollout } from './rollout.ts';

/**
 * The condition that tells how a roll-out goes, from the first member that is behind to the last that is
 * available again. Not true any more once updated members do not become ready in time: then nothing else
 * is taken down until the template changes or they do.
 */
export function progressOf(
  { set, paused }: Situation<Pool>,
  { due, waiting, stuck }: Rollout,
): readonly StandingCondition[] {
  if (set.meta.deletedAt !== undefined || due.length + waiting.length === 0) return [];
  const [first] = stuck;
  if (first !== undefined) {
    const others = stuck.length === 1 ? '' : ` and ${stuck.length - 1} more`;
    return [
      {
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: `${first.meta.name}${others} did not become ready: the roll-out has halted`,
      },
    ];
  }
  const message =
    due.length > 0
      ? `${due.length} members are behind the template`
      : `${waiting.length} updated members are not ready yet`;
  const reason = paused ? 'Paused' : 'RollingOut';
  return [{ type: 'Progressing', status: paused ? 'False' : 'True', reason, message }];
}
