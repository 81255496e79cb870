import type { SetRef } from '#shared/contract/commands.ts';
import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Decided, Held } from '#shared/contract/records.ts';
import type { Hold } from './situation.ts';
import type { View } from './view.ts';

/** What a decision comes to. The records are whole: they are appended as they are, then folded. */
export type Outcome =
  | { readonly type: 'act'; readonly decided: Decided }
  | { readonly type: 'tell'; readonly held: Held }
  /** `wakeAt`: log time at which to ask again though nothing is folded before. */
  | { readonly type: 'wait'; readonly because: string; readonly wakeAt?: number };

export function wait(because: string, wakeAt?: number): Outcome {
  return { type: 'wait', because, ...(wakeAt !== undefined && { wakeAt }) };
}

/** Tells a hold, or, without one, that it is over. */
export function tell(view: View, set: ScaledSet, hold: Hold | undefined): Outcome {
  return {
    type: 'tell',
    held: {
      type: 'held',
      epoch: view.epoch,
      set: setRefOf(set),
      basis: view.sequence,
      ...(hold !== undefined && { reason: hold.reason }),
      because: hold?.because ?? 'nothing holds the set any more',
    },
  };
}

export function setRefOf({ kind, meta }: ScaledSet): SetRef {
  const { namespace, name, uid, generation = 0 } = meta;
  return { kind, namespace, name, uid, generation };
}
