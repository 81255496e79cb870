import type { View } from './view.ts';

/** How many there are, for whoever watches over the service. */
export type Counts = {
  /** Living sets. */
  readonly sets: number;
  /** Commands whose effect is not yet seen and not certainly refused. */
  readonly pending: number;
  /** Sets that may not act, by the reason that was told last. */
  readonly held: ReadonlyMap<string, number>;
};

export function countsOf(view: View): Counts {
  const held = new Map<string, number>();
  let sets = 0;
  for (const uids of view.sets.values()) {
    sets += uids.size;
    for (const uid of uids) {
      const reason = view.memories.get(uid)?.held?.reason;
      if (reason !== undefined) held.set(reason, (held.get(reason) ?? 0) + 1);
    }
  }
  return { sets, pending: view.pending.size, held };
}
