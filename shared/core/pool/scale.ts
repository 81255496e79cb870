import type { Pool } from '#shared/contract/objects.ts';
import { annotationHold } from '../annotations.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { toSize } from '../to-size.ts';
import type { Count } from './count.ts';
import type { PoolMembers } from './members.ts';
import { scaleIn } from './scale-in.ts';
import { scaleOut } from './scale-out.ts';

/**
 * Brings the pool to its size. Under any strategy but the proactive one nothing is removed: others delete
 * members, and they are let go whatever the size is; nor while an annotation of ours is not understood. Source: kubevirt pool.go, scale.
 */
export function scale(situation: Situation<Pool>, members: PoolMembers, count: Count): Step {
  const { set } = situation;
  const isOurs = (set.scaleIn?.type ?? 'proactive') === 'proactive';
  const removes = isOurs && annotationHold(set) === undefined;
  return toSize(situation, {
    target: count.target,
    staying: members.staying.length,
    coming: members.coming,
    missing: count.missing,
    surplus: count.surplus,
    keepAll: !removes,
    out: () => scaleOut(situation, count),
    in: () => (removes ? scaleIn(situation, members, count) : nothing),
  });
}
