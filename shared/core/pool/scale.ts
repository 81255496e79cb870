import type { Pool } from '#shared/contract/objects.ts';
import { annotationHold } from '../annotations.ts';
import { removalTrouble } from '../removal.ts';
import { nothing, type Situation, type Step, type Trouble } from '../situation.ts';
import { toSize } from '../to-size.ts';
import type { Count } from './count.ts';
import type { PoolMembers } from './members.ts';
import { failedScaleIn, scaleIn } from './scale-in.ts';
import { createTrouble, scaleOut } from './scale-out.ts';

/**
 * Brings the pool to its size. Under any strategy but the proactive one nothing is removed: others delete
 * members, and they are let go whatever the size is; nor
 * while an annotation of ours is not understood. Source: kubevirt pool.go, scale.
 */
export function scale(situation: Situation<Pool>, members: PoolMembers, count: Count): Step {
  const { set } = situation;
  const isOurs = (set.scaleIn?.type ?? 'proactive') === 'proactive';
  const removes = isOurs && annotationHold(set) === undefined;
  const step = toSize(situation, {
    target: count.target,
    staying: members.staying.length,
    coming: members.coming,
    missing: count.missing,
    surplus: count.surplus,
    keepAll: !removes,
    out: () => scaleOut(situation, members, count),
    in: () => (removes ? scaleIn(situation, members, count) : nothing),
  });
  // While it is tried again it has not succeeded: the trouble must not come and go with each attempt (B18).
  return { ...step, trouble: step.trouble ?? troubleUnderWay(situation, members) };
}

function troubleUnderWay(situation: Situation<Pool>, members: PoolMembers): Trouble | undefined {
  const { template } = situation.set;
  if (members.coming > 0 && template !== undefined) return createTrouble(situation, template);
  if (members.doomed.size === 0) return undefined;
  return removalTrouble(situation, [], (text) => failedScaleIn(`deleting is refused: ${text}`));
}
