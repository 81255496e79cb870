import { compareResourceVersions, type ResourceVersion, type Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable, TemplateDigest } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { touchHanging, touchNameSharers, touchNeighbours, touchSetsOf } from './concern.ts';
import { noteContest } from './contest.ts';
import { noteDesired } from './demand.ts';
import { forgetSet, memoryOf, type Fold } from './fold.ts';
import { dropObject, kindOf, putObject, raiseHighest } from './indices.ts';
import { controllerOf, isSet } from './objects.ts';
import { endAwaited, endSeen } from './pending.ts';
import { noteTemplate } from './pool/handed-over.ts';
import { isComparable } from './template.ts';

type Observed = Extract<LogRecord, { type: 'observed' }>;

/** How long a vanished uid stays known as gone. */
const vanishedMemoryMs = 24 * 3600 * 1000;

/**
 * Takes in a sighting. Lower and equal versions change nothing, so duplicates and reordering are
 * harmless; a sighting inside a survey counts as seen all the same.
 */
export function foldObserved(fold: Fold, record: Observed): void {
  const { view } = fold;
  const { object } = record;
  const { uid } = object.meta;
  const kind = kindOf(view, object.kind);
  if (record.survey !== undefined && kind.open?.id === record.survey) kind.open.seen.add(uid);
  raiseHighest(kind, object.meta.resourceVersion);
  if (view.vanished.has(uid)) return;
  const known = view.objects.get(uid);
  if (known !== undefined && !supersedes(object, known)) return;
  if (known !== undefined) touchSetsOf(fold, known);
  putObject(view, object, known);
  touchSetsOf(fold, object);
  if (known === undefined) touchNameSharers(fold, object);
  if (heals(object) !== heals(known)) touchNeighbours(fold, object);
  if (isSet(object)) {
    const memory = memoryOf(view, uid);
    noteDesired(memory, object);
    if (known !== undefined && isSet(known)) {
      noteContest(memory, { known, object, at: fold.at });
      noteTemplate(memory, known, object);
    }
  }
  endSeen(fold, object);
}

/** Takes in that an object is gone. That is for ever: no later sighting of the uid counts. */
export function foldVanished(
  fold: Fold,
  gone: { readonly kind: Kind; readonly uid: Uid; readonly resourceVersion: ResourceVersion },
): void {
  raiseHighest(kindOf(fold.view, gone.kind), gone.resourceVersion);
  buryUid(fold, gone.uid);
}

/** Makes a uid absorbing, and ends whatever waited to see the object. */
export function buryUid(fold: Fold, uid: Uid): void {
  const { view } = fold;
  const known = view.objects.get(uid);
  if (!view.vanished.has(uid)) view.vanished.set(uid, fold.at);
  if (known !== undefined) {
    touchSetsOf(fold, known);
    dropObject(view, known);
    touchNameSharers(fold, known);
    touchHanging(fold, known);
    if (heals(known)) touchNeighbours(fold, known);
    forgetMember(fold, known);
  }
  endAwaited(fold, uid);
  forgetSet(view, uid);
  const owner = known === undefined ? undefined : controllerOf(known.meta)?.uid;
  if (owner !== undefined) forgetSet(view, owner);
}

/** Keeps the memory of vanished uids bounded; they stand in order of log time. */
export function forgetVanished(fold: Fold): void {
  for (const [uid, at] of fold.view.vanished) {
    if (at > fold.at - vanishedMemoryMs) return;
    fold.view.vanished.delete(uid);
  }
}

/** What was destroyed stays counted; what it was destroyed for is no longer needed. */
function forgetMember(fold: Fold, member: Observable): void {
  const owner = controllerOf(member.meta)?.uid;
  const memory = owner === undefined ? undefined : fold.view.memories.get(owner);
  memory?.purposes.delete(member.meta.uid);
  memory?.keeps.delete(member.meta.uid);
  memory?.freed.delete(member.meta.uid);
}

/**
 * A higher version does. So does the same version trimmed by a later allow-list, which tells more of it, or
 * under another digest key: only the new digests can be compared with those to come.
 */
function supersedes(object: Observable, known: Observable): boolean {
  const difference = compareResourceVersions(
    object.meta.resourceVersion,
    known.meta.resourceVersion,
  );
  if (difference !== 0) return difference > 0;
  const told = (object.meta.form ?? 1) - (known.meta.form ?? 1);
  if (told !== 0) return told > 0;
  const [fresh, old] = [digestOf(object), digestOf(known)];
  return fresh !== undefined && old !== undefined && !isComparable(fresh, old);
}

function digestOf(object: Observable): TemplateDigest | undefined {
  if (isSet(object)) return object.template?.digest;
  return object.kind === 'ControllerRevision' ? object.digest : undefined;
}

function heals(object: Observable | undefined): boolean {
  return object?.kind === 'VirtualMachinePool' && object.present.includes('autohealing');
}
