import type { Uid } from '#shared/contract/ids.ts';
import { bereavedIn } from './pool/hanging.ts';
import { emptyMemory, type Memory, type View } from './view.ts';

/** One entry being folded: the view, where and when in the log, and the sets concerned so far. */
export type Fold = {
  readonly view: View;
  readonly sequence: number;
  /** Log time, milliseconds since 1970; never before an earlier entry's. */
  readonly at: number;
  readonly touched: Set<Uid>;
};

/** What is remembered of a set; begun on first use. Only the fold may call it. */
export function memoryOf(view: View, set: Uid): Memory {
  const known = view.memories.get(set);
  if (known !== undefined) return known;
  const fresh = emptyMemory();
  view.memories.set(set, fresh);
  return fresh;
}

/**
 * Forgets a set that is gone, once nothing of its is on its way or left behind: what is refused while its
 * VMs are let go is still to be backed off from.
 */
export function forgetSet(view: View, set: Uid): void {
  if (view.objects.has(set) || view.owned.has(set)) return;
  if (view.memories.get(set)?.pending.size === 0) view.memories.delete(set);
}

/** Everything may have changed for every set: a survey, or a new epoch. */
export function touchAll(fold: Fold): void {
  for (const sets of fold.view.sets.values()) for (const uid of sets) fold.touched.add(uid);
  for (const uid of bereavedIn(fold.view)) fold.touched.add(uid);
}
