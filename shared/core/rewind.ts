import { touchAll, type Fold } from './fold.ts';
import { dropPending } from './pending.ts';
import type { View } from './view.ts';

/**
 * The cluster was set back and somebody answers for it. Its versions begin again at an earlier one and
 * what was deleted may exist again under its old uid, so all that was known of objects is void; until the
 * surveys that follow nothing is synced and nothing is decided. What was done and refused stays known.
 */
export function foldRewound(fold: Fold): void {
  const { view } = fold;
  touchAll(fold);
  forgetObjects(view);
  for (const kind of view.kinds.values()) {
    kind.uids.clear();
    if (kind.synced) kind.since = fold.at;
    kind.synced = false;
    kind.highest = undefined;
    kind.open = undefined;
    kind.closed = undefined;
    kind.refused = undefined;
  }
  // The effect of what has an outcome may be undone; what has none yet is still on its way.
  for (const pending of [...view.pending.values()]) {
    if (pending.outcome !== undefined) dropPending(fold, pending);
  }
  // An older size is no order to remove members.
  for (const memory of view.memories.values()) {
    memory.desired = undefined;
    memory.loweredFrom = 0;
    memory.explained = 0;
  }
}

function forgetObjects(view: View): void {
  view.objects.clear();
  view.named.clear();
  view.owned.clear();
  view.loose.clear();
  view.sets.clear();
  view.stems.clear();
  view.makers.clear();
  view.vanished.clear();
}
