import type { Pool } from '#shared/contract/objects.ts';
import type { Balance } from '#shared/contract/records.ts';
import { desiredOf } from '../objects.ts';
import type { PoolMembers } from './members.ts';
import type { Rollout } from './rollout.ts';

/** The arithmetic of a pool's size in one record. */
export type Count = {
  /** What the spec asks for. */
  readonly desired: number;
  /** What the pool shall have now: with the extra members of a roll-out. */
  readonly target: number;
  /** Members that are missing; zero or less when none is. Terminating ones count as present. */
  readonly missing: number;
  /** Members too many; zero or less when none is. Only those that stay count. */
  readonly surplus: number;
};

/**
 * Missing and surplus are counted apart, each to the safe side: a member that is on its way out still
 * has its name, and must not be deleted a second time (B1).
 */
export function countOf(set: Pool, members: PoolMembers, { surge }: Rollout): Count {
  const desired = desiredOf(set);
  const target = desired + surge;
  return {
    desired,
    target,
    missing: target - members.all.length - members.coming,
    surplus: members.staying.length - target,
  };
}

export function poolBalance(members: PoolMembers, { desired, missing, surplus }: Count): Balance {
  return {
    desired,
    active: members.all.length - members.terminating.length,
    terminating: members.terminating.length,
    ready: members.ready,
    creating: members.coming,
    deleting: members.doomed.size,
    surplus: surplus > 0 ? surplus : Math.min(0, -missing),
  };
}
