import { compareResourceVersions, type Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { compareText } from '#shared/lib/order.ts';
import { touchAll, type Fold } from './fold.ts';
import { buryUid } from './facts.ts';
import { kindOf } from './indices.ts';
import { endUnseen } from './pending.ts';
import type { KindView, OpenSurvey, View } from './view.ts';

type Began = Extract<LogRecord, { type: 'survey-began' }>;
type Surveyed = Extract<LogRecord, { type: 'surveyed' }>;

/** Opens a bracket; one that is still open for the kind is given up. */
export function foldSurveyBegan(fold: Fold, record: Began): void {
  const kind = kindOf(fold.view, record.kind);
  if (kind.open?.id === record.id) return;
  kind.open = {
    id: record.id,
    beganAt: fold.sequence,
    floor: kind.highest,
    seen: new Set(),
  };
  setSynced(fold, kind, false);
  touchAll(fold);
}

/**
 * Closes a bracket. What the list does not hold is gone, unless it is newer than the list. A list that
 * is older than what was known when it began, or that has lost records on its way, proves nothing: the
 * kind stays unsynced until the next survey.
 */
export function foldSurveyed(fold: Fold, record: Surveyed): void {
  const { view } = fold;
  const kind = kindOf(view, record.kind);
  const { open } = kind;
  if (open?.id !== record.id) return;
  kind.open = undefined;
  touchAll(fold);
  const { floor } = open;
  if (record.unserved === true) {
    if (mayBeNone(kind, record.kind)) close(fold, kind, { record, open, lost: new Set() });
    return;
  }
  if (floor !== undefined && compareResourceVersions(record.resourceVersion, floor) < 0) {
    kind.refused = record.resourceVersion;
    return;
  }
  const lost = lostIn(view, { open, record });
  if (lost === 'unknown') return;
  for (const uid of absentFrom(view, kind, { record, open, lost })) buryUid(fold, uid);
  close(fold, kind, { record, open, lost });
  endUnseen(fold, record.kind);
}

/** Whether the absence of an object of this kind means that it does not exist. */
export function isSynced(view: View, kind: Kind): boolean {
  return view.kinds.get(kind)?.synced ?? false;
}

/** Whether an object of this kind that the view lacks is certainly gone: the server was asked, and knows it not. */
export function isAbsenceProven(view: View, kind: Kind): boolean {
  const known = view.kinds.get(kind);
  return known?.synced === true && known.closed?.unserved !== true;
}

const memberKinds: readonly Kind[] = ['VirtualMachine', 'VirtualMachineInstance'];

/**
 * Whether a kind that is not served has no objects, as far as anyone can know. What sets are made of is
 * served wherever there are sets: a log that has never seen a list of it knows of none because it is young,
 * and who took that for none would make every member once more when the kind comes back with its objects.
 */
function mayBeNone(known: KindView, kind: Kind): boolean {
  if (known.uids.size > 0) return false;
  return !memberKinds.includes(kind) || known.closed !== undefined;
}

/** The log was set back: surveys that began before a sequence are no proof of what is there now. */
export function doubtSurveys(fold: Fold, before: number): void {
  for (const kind of fold.view.kinds.values()) {
    if (kind.open !== undefined && kind.open.beganAt < before) kind.open = undefined;
    const isProven = kind.closed !== undefined && kind.closed.beganAt >= before;
    if (isProven) continue;
    kind.closed = undefined;
    setSynced(fold, kind, false);
  }
}

type Closing = { readonly record: Surveyed; readonly open: OpenSurvey };

/** With the namespaces of which it does not tell the whole. */
type Closed = Closing & { readonly lost: ReadonlySet<string> };

function close(fold: Fold, kind: KindView, { record, open, lost }: Closed): void {
  const { resourceVersion, unserved } = record;
  kind.closed = {
    ...{ resourceVersion, beganAt: open.beganAt },
    ...(unserved === true && { unserved }),
    ...(lost.size > 0 && { lost: [...lost].toSorted(compareText) }),
  };
  kind.refused = undefined;
  setSynced(fold, kind, true);
}

function setSynced(fold: Fold, kind: KindView, synced: boolean): void {
  if (kind.synced === synced) return;
  kind.synced = synced;
  kind.since = fold.at;
}

/**
 * Namespaces in which records of this bracket were lost, so that absence proves nothing there;
 * `unknown` when the count does not add up and nobody can say where.
 */
function lostIn(view: View, { record, open }: Closing): ReadonlySet<string> | 'unknown' {
  const namespaces = new Set<string>();
  for (const [namespace, sequence] of view.poisoned) {
    if (sequence >= open.beganAt) namespaces.add(namespace);
  }
  if (open.seen.size >= record.count) return new Set();
  return namespaces.size === 0 || namespaces.has('') ? 'unknown' : namespaces;
}

function absentFrom(view: View, kind: KindView, closing: Closed): readonly Uid[] {
  const { record, open, lost } = closing;
  return [...kind.uids].filter((uid) => {
    if (open.seen.has(uid)) return false;
    const object = view.objects.get(uid);
    if (object === undefined || lost.has(object.meta.namespace)) return false;
    return compareResourceVersions(object.meta.resourceVersion, record.resourceVersion) <= 0;
  });
}
