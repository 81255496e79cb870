import { policySchema } from '#shared/contract/records.ts';
import type { Policy } from '#shared/contract/records.ts';
import type { Positions } from './position.ts';

/** One key beside the readers' positions: the reconciler that decides writes it, and people read it. */
const told = 'policy';

/**
 * Says how the reconciler that decides was started. Nothing is decided by it: whoever looks at Rollcall
 * from elsewhere cannot know otherwise how sets are treated that do not say so themselves.
 */
export async function tellPolicy(positions: Positions, policy: Policy): Promise<void> {
  const { mode, kubevirtControllers } = policy;
  // It has the form of a position, whose texts serve for any word.
  await positions.save(told, { lineage: mode, sequence: 0, hash: kubevirtControllers });
}

/** Of the reconciler that decided last; undefined where none has said it in words that are known. */
export async function toldPolicy(positions: Positions): Promise<Policy | undefined> {
  const found = await positions.load(told);
  return policySchema.safeParse({ mode: found?.lineage, kubevirtControllers: found?.hash }).data;
}
