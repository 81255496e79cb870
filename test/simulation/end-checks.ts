import type { Shard } from '#shared/contract/ids.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { kinds } from '#shared/contract/kinds.ts';
import { isSynced } from '#shared/core/surveys.ts';
import type { View } from '#shared/core/view.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import { shardOf } from '#shared/stream/shards.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import { isWatchedKind } from '#shared/cluster/addresses.ts';
import { foldMessage } from '../../services/recorder/fold-message.ts';
import { emptyState } from '../../services/recorder/state.ts';
import {
  controllerUid,
  disksOf,
  isDeleting,
  presentMembers,
  replicasOf,
  specOf,
} from './mirror.ts';
import type { Mirror } from './mirror.ts';
import { difference, plainOf } from './plain.ts';
import { stemsOf } from './sets.ts';
import type { Book } from './simulated-recorder.ts';
import type { Tape } from './tape.ts';

/** A restart that a guard had held for its window, and the deadline after it. */
const rollingMs = 1_320_000;

export type EndParts = {
  readonly clusterId: string;
  readonly mirror: Mirror;
  readonly tape: Tape;
  readonly book: Book;
  /** Time since the faults ended. */
  readonly calmMs: number;
  /** Time since we last wrote anything. */
  readonly silentMs: number;
  /** Folded anew from the log's first record. */
  readonly views: ReadonlyMap<Shard, View>;
};

/** Why the world is not yet at rest; undefined when it is. */
export function unrest(parts: EndParts): string | undefined {
  const { mirror, views, book, tape } = parts;
  for (const set of livingSets(parts)) {
    const why = unrestOf(parts, set);
    if (why !== undefined) return `${set.kind} ${set.metadata.name}: ${why}`;
  }
  for (const view of views.values()) {
    for (const { command } of view.pending.values()) {
      return `${command.verb} ${command.effect} is pending`;
    }
  }
  // A namespace stands before what is left in it.
  for (const object of [...mirror.objects.values()].toReversed()) {
    // A disk that somebody deletes stays for as long as its machine runs.
    const mayStay = ['DataVolume', 'PersistentVolumeClaim', 'PersistentVolume'];
    if (isDeleting(object) && !mayStay.includes(object.kind)) {
      const { name, finalizers = [] } = object.metadata;
      return `${object.kind} ${name} is still going, held by ${finalizers.join(' ')}`;
    }
  }
  for (const vm of mirror.ofKind('VirtualMachine')) {
    const { name, namespace = '', finalizers } = vm.metadata;
    if (finalizers?.includes(poolFinalizer) !== true || controllerUid(vm) !== undefined) continue;
    // Once its pool is gone, it is let go when somebody deletes it.
    const pool = name.slice(0, name.lastIndexOf('-'));
    const isThere = mirror.named('VirtualMachinePool', namespace, pool) !== undefined;
    if (isThere) return `nobody lets go of ${name}`;
  }
  if (book.position < tape.last) return 'the book is behind';
  return differences(parts).at(0);
}

function livingSets({ mirror }: EndParts): readonly KubeObject[] {
  return [
    ...mirror.ofKind('VirtualMachinePool'),
    ...mirror.ofKind('VirtualMachineInstanceReplicaSet'),
  ];
}

function unrestOf(parts: EndParts, set: KubeObject): string | undefined {
  const { mirror, views, clusterId } = parts;
  const mode = set.metadata.annotations?.['rollcall.dev/mode'] ?? 'manage';
  const view = views.get(shardOf(clusterId, set.metadata.namespace ?? ''));
  const held = heldReason(view, set);
  const unread = view === undefined ? undefined : kinds.find((kind) => !isSynced(view, kind));
  if (unread !== undefined) return `waits for a survey of ${unread}`;
  // These may pass with time: with the next survey, and when the window has moved on.
  if (held === 'Unsynced') return `held as ${held}`;
  const windowHasMovedOn = Math.min(parts.calmMs, parts.silentMs) >= 660_000;
  if (held === 'MassDeleteBlocked' && !windowHasMovedOn) return `held as ${held}`;
  if (tellsOf(set, 'ReplicaFailure') && !windowHasMovedOn) return 'tells of a failure';
  if (tellsOf(set, 'Progressing') && parts.calmMs < rollingMs) return 'rolls out';
  if (mode !== 'manage' || specOf(set)['paused'] === true) return undefined;
  const present = presentMembers(mirror, set).length;
  const wanted = replicasOf(set);
  if (present > wanted && held === undefined) return `${present} of ${wanted}`;
  if (present < wanted && !waitsForDisks(mirror, set)) return `${present} of ${wanted}`;
  const status = isRecord(set['status']) ? set['status'] : {};
  if (status['replicas'] !== present)
    return `status says ${String(status['replicas'])} of ${present}`;
  return undefined;
}

/**
 * Whether a condition is True that passes with time: Progressing when all are available or at the deadline
 * of one that is not, ReplicaFailure when the last refusal is forgotten.
 */
function tellsOf({ status }: KubeObject & { readonly status?: unknown }, type: string): boolean {
  const conditions = isRecord(status) ? status['conditions'] : undefined;
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (one: unknown) => isRecord(one) && one['type'] === type && one['status'] === 'True',
  );
}

function heldReason(view: View | undefined, set: KubeObject): string | undefined {
  for (const [uid, memory] of view?.memories ?? []) {
    if (String(uid) === set.metadata.uid) return memory.held?.reason;
  }
  return undefined;
}

/** Another machine has a disk of the name that the next member would use: the pool waits, and says so. */
function waitsForDisks(mirror: Mirror, set: KubeObject): boolean {
  const ours = new Set(presentMembers(mirror, set).map(({ metadata }) => metadata.uid));
  const stems = stemsOf(set);
  return [...mirror.ofKind('VirtualMachine'), ...mirror.ofKind('DataVolume')].some((object) => {
    if (object.metadata.namespace !== set.metadata.namespace) return false;
    if (ours.has(object.metadata.uid) || ours.has(controllerUid(object) ?? '')) return false;
    const names = object.kind === 'DataVolume' ? [object.metadata.name] : disksOf(object);
    return names.some((name) => stems.some((stem) => name.startsWith(`${stem}-`)));
  });
}

/** What must be true of a world at rest. */
export function checkEnd(
  parts: EndParts & { readonly liveViews: readonly View[] },
  violation: (invariant: string, text: string) => void,
): void {
  checkViews(parts, violation);
  checkDisks(parts, violation);
  checkBook(parts, violation);
}

type Tell = (invariant: string, text: string) => void;

function checkViews(
  parts: EndParts & { readonly liveViews: readonly View[] },
  violation: Tell,
): void {
  const { views, liveViews } = parts;
  for (const difference of differences(parts)) violation('P4', difference);
  for (const live of liveViews) {
    const fresh = views.get(live.shard);
    if (fresh === undefined || live.sequence !== fresh.sequence) continue;
    const where = difference(plainOf(live), plainOf(fresh));
    if (where === undefined) continue;
    violation('P1', `the view of shard ${live.shard} is not the fold of its log: ${where}`);
  }
}

/** Where the views and the cluster differ. */
function differences({ views, mirror }: EndParts): readonly string[] {
  const found: string[] = [];
  const known = new Map<string, string>();
  for (const view of views.values()) {
    for (const { meta } of view.objects.values()) known.set(meta.uid, meta.resourceVersion);
  }
  for (const { kind, metadata } of mirror.objects.values()) {
    if (!isWatchedKind(kind)) continue;
    const version = known.get(metadata.uid);
    known.delete(metadata.uid);
    if (version === metadata.resourceVersion) continue;
    const what = version === undefined ? 'is not in the view' : 'is old in the view';
    found.push(`${kind} ${metadata.name} ${what}`);
  }
  for (const uid of known.keys()) found.push(`${uid} is in the view and not in the cluster`);
  return found;
}

/** No disk has two users of two sets. */
function checkDisks({ mirror }: EndParts, violation: Tell): void {
  const users = new Map<string, string>();
  for (const vm of mirror.ofKind('VirtualMachine')) {
    const owner = controllerUid(vm);
    if (owner === undefined) continue;
    for (const name of disksOf(vm)) {
      const place = `${vm.metadata.namespace}/${name}`;
      const other = users.get(place);
      users.set(place, owner);
      if (other !== undefined && other !== owner) violation('C6', `${place} has two users`);
    }
  }
}

function checkBook({ book, tape }: EndParts, violation: Tell): void {
  checkFold({ book, tape }, violation);
  const sizes = new Map<string, unknown>();
  const gone = new Map<string, number>();
  for (const { kind, body } of book.entries) {
    const entry: unknown = JSON.parse(body);
    if (!isRecord(entry)) continue;
    if (kind === 'size-changed') checkChain(sizes, entry, violation);
    // A correction tells no second end.
    if (kind !== 'disk-gone' || 'corrects' in entry || !isRecord(entry['claim'])) continue;
    const uid = String(entry['claim']['uid']);
    gone.set(uid, (gone.get(uid) ?? 0) + 1);
  }
  for (const uid of vanishedClaims(tape)) {
    const rows = [...book.state.volumes.values()].filter((row) => row.claim?.uid === uid);
    const isTold = rows.length === 1 && rows[0]?.state === 'gone' && gone.get(uid) === 1;
    if (!isTold) violation('A3', `claim ${uid} has gone and has ${rows.length} rows`);
  }
}

/** The book of a log that has followed another holds more than this log says. */
function checkFold({ book, tape }: Pick<EndParts, 'book' | 'tape'>, violation: Tell): void {
  const breaks = book.entries.filter(({ kind }) => kind === 'lineage-broken').length;
  if (breaks !== book.turn) violation('A8', `${breaks} of ${book.turn} breaks stand in the book`);
  if (book.settledTurn !== tape.turn) {
    violation('A8', 'the log has become another one, and the recorder has not looked');
  }
  if (tape.turn > 0) return;
  const state = emptyState();
  const entries = tape.messages.flatMap(
    (message) => foldMessage(state, book.lineage, message).entries,
  );
  if (canonicalJson(entries) === canonicalJson(book.entries)) return;
  violation('A7', 'the entries of the book are not the fold of the log');
}

function checkChain(
  sizes: Map<string, unknown>,
  entry: Readonly<Record<string, unknown>>,
  violation: Tell,
): void {
  const { set, operation, from, to } = entry;
  const uid = isRecord(set) ? String(set['uid']) : '';
  if (operation === 'scaled' || operation === 'deleted') {
    if (sizes.get(uid) !== from) {
      violation('A4', `${String(operation)} from ${String(from)} after ${String(sizes.get(uid))}`);
    }
  } else if (sizes.has(uid)) {
    violation('A4', `set ${uid} begins twice`);
  }
  if (operation !== 'deleted') sizes.set(uid, to);
}

/**
 * Claims that hung on a member of a set, by what the log had told when it told of their end. What is told
 * only later, because one watch lags behind another, the book cannot know.
 */
function vanishedClaims(tape: Tape): readonly string[] {
  const owners = new Map<string, readonly string[]>();
  const kinds = new Map<string, string>();
  const gone: string[] = [];
  const hangsOnSet = (uid: string, depth: number): boolean =>
    (owners.get(uid) ?? []).some((owner) => {
      const kind = kinds.get(owner);
      if (kind === 'VirtualMachinePool') return depth === 2;
      return depth < 2 && hangsOnSet(owner, depth + 1);
    });
  const seen = new Set<string>();
  for (const message of tape.messages) {
    for (const record of message.records) {
      if (record.type === 'vanished' && !seen.has(record.uid)) {
        seen.add(record.uid);
        if (record.kind === 'PersistentVolumeClaim' && hangsOnSet(record.uid, 0)) {
          gone.push(record.uid);
        }
      }
      if (record.type !== 'observed' || seen.has(record.object.meta.uid)) continue;
      const { kind, meta } = record.object;
      kinds.set(meta.uid, kind);
      // A machine that has left its set takes its disks along.
      const controllers = meta.owners.filter(({ controller }) => controller === true);
      owners.set(
        meta.uid,
        controllers.map(({ uid }) => uid),
      );
    }
  }
  return gone;
}
