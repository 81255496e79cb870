import { scaleInDisksAnnotation } from '#shared/contract/words.ts';
import { at, isSet } from './read.ts';

const strategies = ['unmanaged', 'opportunistic', 'proactive'] as const;

/**
 * Whether a pool, as the API server has it, wants disks to outlive the machines that it loses. A policy of
 * the strategy goes before the annotation, and any word but `Disabled` keeps (shared/core/pool/policy.ts
 * says the same of a pool that has been read).
 */
export function keepsDisksOfMembers(pool: unknown): boolean {
  const strategy = at(pool, 'spec', 'scaleInStrategy');
  const used = strategies.find((name) => isSet(at(strategy, name)));
  const preservation = used === undefined ? undefined : at(strategy, used, 'statePreservation');
  if (isSet(preservation)) return preservation !== 'Disabled';
  return at(pool, 'metadata', 'annotations', scaleInDisksAnnotation) === 'keep';
}
