import { snapshotSchema, snapshotVersion } from '#shared/contract/snapshot.ts';
import type { Snapshot } from '#shared/contract/snapshot.ts';
import type { Uid } from '#shared/contract/ids.ts';
import { kindOf, putObject } from './indices.ts';
import { enterPending } from './pending.ts';
import type { Refusal } from './refusals.ts';
import {
  emptyView,
  type ClosedSurvey,
  type Destroyed,
  type KindView,
  type Memory,
  type View,
} from './view.ts';

/**
 * The view as plain data. It shares nothing with the view that the fold changes in place, so it stays
 * true while the view goes on; objects, commands and outcomes are never changed and are shared.
 */
export function toSnapshot(view: View): Snapshot {
  const { shard, lineage, sequence, bornAt, now, epoch, run, plan, carefulUntil } = view;
  return {
    version: snapshotVersion,
    ...{ shard, lineage, sequence, bornAt, now, epoch, run, plan, carefulUntil },
    vanished: [...view.vanished],
    kinds: [...view.kinds].map(([kind, known]) => ({ kind, ...fromKind(known) })),
    poisoned: [...view.poisoned],
    memories: [...view.memories].map(([set, memory]) => fromMemory(set, memory)),
    pending: [...view.pending.values()].map((pending) => ({
      ...pending,
      makes: [...pending.makes],
    })),
    objects: [...view.objects.values()],
  };
}

/**
 * The view that a snapshot is of; undefined for anything else, and for a snapshot of another version.
 * Folding goes on after its sequence as if it had never stopped. What is missing because records had
 * aged out is taken as made good: the snapshot carries until when care is needed.
 */
export function fromSnapshot(value: unknown): View | undefined {
  const parsed = snapshotSchema.safeParse(value);
  return parsed.success ? toView(parsed.data) : undefined;
}

function toView(snapshot: Snapshot): View {
  const view = emptyView(snapshot.shard, snapshot.lineage);
  const { sequence, bornAt, now, epoch, run, plan, carefulUntil } = snapshot;
  Object.assign(view, { sequence, bornAt, now, epoch, run, plan, carefulUntil });
  for (const [uid, at] of snapshot.vanished) view.vanished.set(uid, at);
  for (const [namespace, at] of snapshot.poisoned) view.poisoned.set(namespace, at);
  for (const known of snapshot.kinds) Object.assign(kindOf(view, known.kind), toKind(known));
  for (const object of snapshot.objects) putObject(view, object, undefined);
  for (const memory of snapshot.memories) view.memories.set(memory.set, toMemory(memory));
  for (const pending of snapshot.pending) {
    const { template, outcome } = pending;
    enterPending(view, { ...pending, template, outcome });
  }
  return view;
}

type KindSnapshot = Snapshot['kinds'][number];

function fromKind(view: KindView): Omit<KindSnapshot, 'kind'> {
  const { synced, since, highest, open, closed, refused } = view;
  return {
    synced,
    since,
    highest,
    open: open === undefined ? undefined : { ...open, seen: [...open.seen] },
    closed: closed && fromClosed(closed),
    refused,
  };
}

function toKind(kind: KindSnapshot): Omit<KindView, 'uids'> {
  const { synced, since, highest, open, closed, refused } = kind;
  return {
    synced,
    since,
    highest,
    open: open === undefined ? undefined : { ...open, floor: open.floor, seen: new Set(open.seen) },
    closed: closed && toClosed(closed),
    refused,
  };
}

function fromClosed({ lost, ...closed }: ClosedSurvey): KindSnapshot['closed'] {
  return { ...closed, ...(lost && { lost: [...lost] }) };
}

/** Without the field where it is undefined: views of the same records are equal to the byte. */
function toClosed({
  unserved,
  lost,
  ...closed
}: NonNullable<KindSnapshot['closed']>): ClosedSurvey {
  return { ...closed, ...(unserved === true && { unserved }), ...(lost && { lost }) };
}

type MemorySnapshot = Snapshot['memories'][number];

function fromMemory(set: Uid, memory: Memory): MemorySnapshot {
  const {
    pending: _,
    held,
    refusals,
    destroyed,
    purposes,
    keeps,
    freed,
    notices,
    ...rest
  } = memory;
  return {
    set,
    ...rest,
    held: held && { ...held },
    refusals: [...refusals].map(([key, refusal]) => [key, { ...refusal }]),
    destroyed: [...destroyed],
    purposes: [...purposes],
    keeps: [...keeps],
    freed: [...freed],
    notices: [...notices].map(([reason, times]) => [reason, [...times]]),
    pruned: [...memory.pruned],
  };
}

function toMemory(memory: MemorySnapshot): Memory {
  const { desired, loweredFrom, explained, marked } = memory;
  return {
    pending: new Set(),
    held: memory.held,
    advice: memory.advice,
    refusals: new Map(memory.refusals.map(([key, refusal]) => [key, toRefusal(refusal)])),
    slowStart: memory.slowStart,
    ...{ desired, loweredFrom, explained, marked },
    destroyed: new Map(memory.destroyed.map(([uid, destroyed]) => [uid, toDestroyed(destroyed)])),
    purposes: new Map(memory.purposes),
    keeps: new Set(memory.keeps),
    freed: new Set(memory.freed),
    notices: new Map(memory.notices),
    statusAt: memory.statusAt,
    contestedAt: memory.contestedAt,
    templateChangedAt: memory.templateChangedAt,
    pruned: new Set(memory.pruned),
  };
}

function toRefusal(refusal: MemorySnapshot['refusals'][number][1]): Refusal {
  const { digest, target, field, behind } = refusal;
  return {
    ...refusal,
    digest,
    target,
    field,
    behind: behind && { uid: behind.uid, version: behind.version },
  };
}

/** Without the field where it is undefined, as in `toClosed`. */
function toDestroyed({ heals, ...destroyed }: MemorySnapshot['destroyed'][number][1]): Destroyed {
  return { ...destroyed, ...(heals === true && { heals }) };
}
