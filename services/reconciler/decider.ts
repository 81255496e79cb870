import type { Shard, Uid } from '#shared/contract/ids.ts';
import type { Decided, Moment } from '#shared/contract/records.ts';
import { snapshotVersion } from '#shared/contract/snapshot.ts';
import { countsOf } from '#shared/core/counts.ts';
import type { Counts } from '#shared/core/counts.ts';
import { decide } from '#shared/core/decide.ts';
import { evolve } from '#shared/core/evolve.ts';
import type { Outcome } from '#shared/core/outcome.ts';
import { checkPlan } from '#shared/core/plan-check.ts';
import { setsOf } from '#shared/core/sets.ts';
import { fromSnapshot, toSnapshot } from '#shared/core/snapshot.ts';
import { emptyView } from '#shared/core/view.ts';
import type { Entry, View as CoreView } from '#shared/core/view.ts';
import type { Packable } from './packing.ts';

/**
 * The pure half of the reconciler, as its shell sees it: a view of one shard, learning, deciding. The
 * shell never looks into the view.
 */
export type Decider<View> = {
  /** `hasGap`: the log's first records have aged out, so the view will lack what they said. */
  emptyView(shard: Shard, lineage: string, hasGap: boolean): View;
  /** Takes in one message, poison included, changing the view in place; tells the sets concerned. */
  evolve(view: View, entry: Entry): readonly Uid[];
  decide(view: View, set: Uid, moment: Moment): Outcome;
  setsOf(view: View): readonly Uid[];
  /** What is wrong with a plan; empty when it may be recorded. */
  checkPlan(view: View, decided: Decided): readonly string[];
  /** For whoever watches over the service; nothing is decided by it. */
  counts?(view: View): Counts;
  /** Snapshots of any other version are not used. */
  readonly snapshotVersion: number;
  /** Plain data that stays as it is while the view goes on. */
  toSnapshot(view: View): Packable;
  /** Undefined for what is no snapshot of this version. */
  fromSnapshot(value: unknown): View | undefined;
};

export const core: Decider<CoreView> = {
  emptyView,
  evolve,
  decide,
  setsOf,
  checkPlan,
  counts: countsOf,
  snapshotVersion,
  toSnapshot,
  fromSnapshot,
};
