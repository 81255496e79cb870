import type { ReplicaSet } from '#shared/contract/objects.ts';
import { volumeSafetyAnnotation } from '#shared/contract/words.ts';
import type { Hold, StandingCondition } from '../situation.ts';

export type VolumeSafety = {
  readonly conditions: readonly StandingCondition[];
  readonly hold: Hold | undefined;
};

/**
 * Members of a replica set share every volume of the template, and two that write one disk destroy what is
 * on it. Told as a warning, unless the set asks that none is made or that nothing is said.
 */
export function volumeSafety({ template, meta }: ReplicaSet): VolumeSafety {
  const policy = meta.annotations[volumeSafetyAnnotation];
  const shared = template?.claims.map(({ name }) => name) ?? [];
  if (shared.length === 0 || policy === 'ignore') return { conditions: [], hold: undefined };
  const reason = 'VolumeSafety';
  const message = sharedVolumesText(shared);
  return policy === 'enforce'
    ? { conditions: [], hold: { reason, because: `${message}; none is made` } }
    : {
        conditions: [{ type: reason, status: 'True', reason: 'SharedVolumes', message }],
        hold: undefined,
      };
}

/** Says it in the condition and at admission. */
export function sharedVolumesText(names: readonly string[]): string {
  return `all members would write to the same claim (${names.join(', ')}): a pool gives each its own`;
}
