import type { Pool } from '#shared/contract/objects.ts';
import type { Situation, StandingCondition } from '../situation.ts';
import type { Rollout } from './rollout.ts';

/**
 * The condition that tells how a roll-out goes, while there is one. Not true any more once updated members
 * do not become ready in time: then nothing else is taken down until the template changes or they do.
 */
export function progressOf(
  { set }: Situation<Pool>,
  { due, stuck }: Rollout,
): readonly StandingCondition[] {
  if (due.length === 0 || set.meta.deletedAt !== undefined) return [];
  const [first] = stuck;
  if (first === undefined) {
    const message = `${due.length} members are behind the template`;
    return [{ type: 'Progressing', status: 'True', reason: 'RollingOut', message }];
  }
  const others = stuck.length === 1 ? '' : ` and ${stuck.length - 1} more`;
  return [
    {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `${first.vm.meta.name}${others} did not become ready: the roll-out has halted`,
    },
  ];
}
