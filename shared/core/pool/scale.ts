import type { Pool } from '#shared/contract/objects.ts';
import type { Hold, Situation, Step } from '../situation.ts';
import { toSize } from '../to-size.ts';
import type { PoolMembers } from './members.ts';
import { scaleIn } from './scale-in.ts';
import { scaleOut } from './scale-out.ts';

/** Brings the pool to its size. Source: kubevirt pool.go, scale. */
export function scale(
  situation: Situation<Pool>,
  members: PoolMembers,
  unsupported: Hold | undefined,
): Step {
  return toSize(situation, {
    staying: members.staying.length,
    coming: members.coming,
    missing: members.missing,
    surplus: members.surplus,
    keepAll: unsupported !== undefined,
    out: () => scaleOut(situation, members),
    in: () => scaleIn(situation, members, unsupported),
  });
}
