import type { Shard } from '#shared/contract/ids.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import type { Changes } from './changes.ts';
import type { Activity, DeletedVolume, EntryKind, Holding, SetName } from './rows.ts';
import { placeBegun, placeHolding, placeSize, traceEffect } from './state.ts';
import type { BookState } from './state.ts';
import { placeVolume } from './volumes.ts';

/** Where a record stands in the log. */
export type Arrival = {
  readonly lineage: string;
  readonly sequence: number;
  /** Log time, milliseconds since 1970. */
  readonly at: number;
  readonly shard: Shard;
  /** Place among the entries of its message that the record's first entry takes. */
  readonly part: number;
};

/** One record being folded: what is known, what it changes, and where it stands. */
export type Step = {
  readonly state: BookState;
  readonly changes: Changes;
  readonly arrival: Arrival;
};

/** Adds a line to the book; returns its sequence. */
export function enter(step: Step, kind: EntryKind, body: object): number {
  const { state, changes, arrival } = step;
  state.chainSequence += 1;
  changes.entries.push({
    sequence: state.chainSequence,
    at: arrival.at,
    streamSequence: arrival.sequence,
    part: arrival.part + changes.entries.length,
    kind,
    body: canonicalJson(body),
  });
  return state.chainSequence;
}

export function putHolding(step: Step, holding: Holding): void {
  placeHolding(step.state, holding);
  step.changes.holdings.set(holding.uid, holding);
}

export function putVolume(step: Step, volume: DeletedVolume): void {
  placeVolume(step.state, volume);
  step.changes.volumes.set(volume.key, volume);
  const { key, effect, applied } = volume;
  // Of a disk that is gone, or whose command was carried out, no outcome has more to tell.
  if (effect === undefined || applied || volume.state === 'gone') return;
  traceEffect(step.state, effect).volumes.add(key);
}

/** Puts an operation in the place of its earlier state; one that has ended is no longer open. */
export function putActivity(step: Step, activity: Activity): void {
  const { state, changes } = step;
  changes.activities.set(activity.id, activity);
  placeBegun(state, activity);
  const { uid } = activity.set;
  const others = openOperations(step, uid).filter((open) => open.id !== activity.id);
  const isOpen = activity.finishedAt === undefined;
  const open = isOpen
    ? [...others, activity].toSorted((left, right) => left.id - right.id)
    : others;
  if (open.length === 0) state.open.delete(uid);
  else state.open.set(uid, open);
  if (activity.operation === 'member-replaced') return;
  placeSize(state, activity);
}

export function openOperations(step: Step, setUid: string): readonly Activity[] {
  return step.state.open.get(setUid) ?? [];
}

export function setNameOf(holding: Holding): SetName | undefined {
  const { kind, namespace, name, uid } = holding;
  return kind === 'VirtualMachinePool' || kind === 'VirtualMachineInstanceReplicaSet'
    ? { kind, namespace, name, uid }
    : undefined;
}

/** A set as a decision names it. */
export function setNameIn({ set }: { readonly set: SetName }): SetName {
  return { kind: set.kind, namespace: set.namespace, name: set.name, uid: set.uid };
}
