import type { Command } from '#shared/contract/commands.ts';
import { compareResourceVersions, type EffectId, type Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import type { Decided, Settled } from '#shared/contract/records.ts';
import { targetOf } from '#shared/contract/target.ts';
import { effectAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { touchMakers } from './concern.ts';
import { undoDestroyed } from './demand.ts';
import { forgetSet, memoryOf, type Fold } from './fold.ts';
import { addTo, takeFrom } from './keyed-sets.ts';
import { claimNamesFor } from './names.ts';
import { addressOf, placeOf, setOf } from './objects.ts';
import { noteRefusal, noteSuccess } from './refusals.ts';
import type { Pending, View } from './view.ts';

/**
 * A command is pending from its decision until its effect is seen or certainly will not be. There is no
 * time-out: one that is given up too early is done twice.
 */

/** Begins a command of a plan. */
export function beginPending(fold: Fold, plan: Decided, command: Command): void {
  const { view } = fold;
  const pending: Pending = {
    command,
    set: plan.set.uid,
    namespace: plan.set.namespace,
    decidedAt: fold.sequence,
    generation: plan.set.generation,
    template: plan.template,
    makes: disksMadeBy(view, plan, command),
    outcome: undefined,
    settledAt: 0,
    withdrawn: false,
  };
  enterPending(view, pending);
  endIfSeen(fold, pending);
}

/** Puts a pending command into the view and into every index that tells of it. */
export function enterPending(view: View, pending: Pending): void {
  const { effect } = pending.command;
  view.pending.set(effect, pending);
  memoryOf(view, pending.set).pending.add(effect);
  for (const uid of [targetUid(pending), pending.outcome?.uid]) {
    if (uid !== undefined) addTo(view.awaited, uid, effect);
  }
  const address = createdAddress(pending);
  if (address !== undefined) addTo(view.coming, address, effect);
  for (const disk of pending.makes) {
    addTo(view.claiming, placeOf(pending.namespace, disk), effect);
  }
}

/** Takes in an outcome. The first one of an effect counts, whatever later ones say. */
export function foldSettled(fold: Fold, settled: Settled): void {
  const { view } = fold;
  fold.touched.add(settled.set.uid);
  const pending = view.pending.get(settled.effect);
  if (pending === undefined || pending.outcome !== undefined) return;
  pending.outcome = settled;
  pending.settledAt = fold.sequence;
  const memory = memoryOf(view, pending.set);
  if (settled.uid !== undefined) addTo(view.awaited, settled.uid, settled.effect);
  if (isDone(settled)) noteSuccess(memory, pending);
  else noteNo(fold, pending, settled);
  if (pending.command.verb === 'write-status' && isDone(settled)) {
    const sent = Object.keys(pending.command.status);
    const { returned } = settled;
    if (returned !== undefined) {
      memory.pruned = new Set(sent.filter((field) => !returned.includes(field)));
    }
  }
  endIfSeen(fold, pending);
}

/** Ends what an object shows: the create that made it, and patches up to its version. */
export function endSeen(fold: Fold, object: Observable): void {
  const { view } = fold;
  const effect = object.meta.annotations[effectAnnotation];
  const made = effect === undefined ? undefined : createNamed(view, effect);
  // A copied annotation under another name is not our object.
  if (made !== undefined && createdAddress(made) === addressOfObject(object)) end(fold, made);
  endAwaited(fold, object.meta.uid);
}

/** Ends what waited for a uid and has now seen enough of it. */
export function endAwaited(fold: Fold, uid: Uid): void {
  const effects = fold.view.awaited.get(uid);
  if (effects === undefined) return;
  for (const effect of [...effects]) {
    const pending = fold.view.pending.get(effect);
    if (pending !== undefined) endIfSeen(fold, pending);
  }
}

/** A survey has closed: a create that was done before its list, and that the list lacks, is gone again. */
export function endUnseen(fold: Fold, kind: Kind): void {
  for (const pending of [...fold.view.pending.values()]) {
    if (createdKind(pending.command) === kind) endIfSeen(fold, pending);
  }
}

/** Ends a command whose effect, done as it was, may have been undone with the whole cluster. */
export function dropPending(fold: Fold, pending: Pending): void {
  end(fold, pending);
}

/** What a pending create will be called, by kind, namespace and name. */
export function createdAddress(pending: Pending): string | undefined {
  const kind = createdKind(pending.command);
  if (kind === undefined || !('name' in pending.command)) return undefined;
  return addressOf(kind, pending.namespace, pending.command.name);
}

function endIfSeen(fold: Fold, pending: Pending): void {
  if (isOver(fold.view, pending)) end(fold, pending);
}

function isOver(view: View, pending: Pending): boolean {
  const { command, outcome } = pending;
  if (outcome !== undefined && !isDone(outcome)) return true;
  switch (command.verb) {
    case 'create-revision':
    case 'create-vm':
    case 'create-vmi':
      return outcome !== undefined && (seesOutcome(view, outcome) || isUnseen(view, pending));
    case 'delete-member':
      return isLeaving(view, command.member.uid);
    case 'free-member':
      return outcome !== undefined && isLetGo(view, outcome, command.member.uid);
    case 'retire-set':
      return outcome !== undefined && isLetGo(view, outcome, pending.set);
    case 'secure-set':
    case 'mark-api-version':
    case 'write-status':
    case 'roll-back':
      if (view.vanished.has(pending.set)) return true;
      return outcome !== undefined && seesOutcome(view, outcome, pending.set);
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
      return isSeen(view, outcome, command.member.uid);
    case 'label-instance':
      return isSeen(view, outcome, command.instance.uid);
    case 'restart-member':
      return isLeaving(view, command.instance.uid);
    case 'delete-revision':
      return isLeaving(view, command.uid);
    case 'preserve-disk':
      return (
        !isHeldBy(view, command.disk.uid, command.member.uid) ||
        isSeen(view, outcome, command.disk.uid)
      );
    case 'post-event':
      return outcome !== undefined;
  }
}

/** The view holds the object at the outcome's version or later, or knows that it is gone. */
function seesOutcome(view: View, outcome: Settled, target?: Uid): boolean {
  const uid = target ?? outcome.uid;
  if (uid === undefined) return false;
  if (view.vanished.has(uid)) return true;
  const object = view.objects.get(uid);
  if (object === undefined) return false;
  if (outcome.resourceVersion === undefined) return true;
  return compareResourceVersions(object.meta.resourceVersion, outcome.resourceVersion) >= 0;
}

/** The command is done, and the view holds the object at its version or knows that it is gone. */
function isSeen(view: View, outcome: Settled | undefined, uid: Uid): boolean {
  if (view.vanished.has(uid)) return true;
  return outcome !== undefined && seesOutcome(view, outcome, uid);
}

/** A disk still names the member among its owners. */
function isHeldBy(view: View, disk: Uid, member: Uid): boolean {
  return view.objects.get(disk)?.meta.owners.some(({ uid }) => uid === member) === true;
}

/**
 * The finalizer is seen to be gone, or to have come back later. The version of the outcome alone does not
 * tell: whoever takes the last finalizer is answered with the version before the object's end.
 */
function isLetGo(view: View, outcome: Settled, uid: Uid): boolean {
  const object = view.objects.get(uid);
  if (object === undefined || !object.meta.finalizers.includes(poolFinalizer)) return true;
  if (outcome.resourceVersion === undefined) return false;
  return compareResourceVersions(object.meta.resourceVersion, outcome.resourceVersion) > 0;
}

/**
 * A survey at or past the outcome has closed, and the object was not in it. One that has lost records of this
 * namespace proves nothing: the lost one may have told of it.
 */
function isUnseen(view: View, { command, namespace, outcome, settledAt }: Pending): boolean {
  const kind = createdKind(command);
  const closed = kind === undefined ? undefined : view.kinds.get(kind)?.closed;
  if (closed === undefined || outcome === undefined) return false;
  if (closed.lost?.includes(namespace) === true) return false;
  if (outcome.resourceVersion === undefined) return closed.beganAt > settledAt;
  return compareResourceVersions(closed.resourceVersion, outcome.resourceVersion) >= 0;
}

function isLeaving(view: View, uid: Uid): boolean {
  const object = view.objects.get(uid);
  return object === undefined || object.meta.deletedAt !== undefined;
}

function end(fold: Fold, pending: Pending): void {
  const { view } = fold;
  const { effect } = pending.command;
  const memory = memoryOf(view, pending.set);
  // The world has shown the effect before the executor could say so.
  if (pending.outcome === undefined) noteSuccess(memory, pending);
  view.pending.delete(effect);
  memory.pending.delete(effect);
  for (const uid of [targetUid(pending), pending.outcome?.uid]) {
    if (uid !== undefined) takeFrom(view.awaited, uid, effect);
  }
  const address = createdAddress(pending);
  if (address !== undefined) takeFrom(view.coming, address, effect);
  for (const disk of pending.makes) {
    takeFrom(view.claiming, placeOf(pending.namespace, disk), effect);
    touchMakers(fold, pending.namespace, disk);
  }
  fold.touched.add(pending.set);
  if (view.vanished.has(pending.set)) forgetSet(view, pending.set);
}

function noteNo(fold: Fold, pending: Pending, settled: Settled): void {
  const memory = memoryOf(fold.view, pending.set);
  const { command } = pending;
  if (settled.outcome === 'refused' || settled.outcome === 'stale') {
    noteRefusal(fold, memory, { pending, settled });
  }
  if (command.verb !== 'delete-member' && command.verb !== 'free-member') return;
  const { uid } = command.member;
  if (command.verb === 'free-member') memory.freed.delete(uid);
  if (command.verb === 'delete-member') {
    memory.purposes.delete(uid);
    if (command.keepDisks === true) memory.keeps.delete(uid);
  }
  if (memory.destroyed.get(uid)?.effect === command.effect) undoDestroyed(memory, uid);
}

function isDone(settled: Settled): boolean {
  return settled.outcome === 'applied' || settled.outcome === 'already';
}

function disksMadeBy(view: View, plan: Decided, command: Command): readonly string[] {
  if (command.verb !== 'create-vm') return [];
  const template = setOf(view, plan.set.uid)?.template;
  return template === undefined ? [] : claimNamesFor(template, command.ordinal).makes;
}

/** The uid whose object shows the effect of a command; what is yet to be made has none. */
function targetUid({ command, set }: Pending): Uid | undefined {
  const target = targetOf(command);
  if (target.type === 'standing') return target.uid;
  return target.type === 'set' ? set : undefined;
}

function createdKind(command: Command): Kind | undefined {
  const target = targetOf(command);
  return target.type === 'made' ? target.kind : undefined;
}

function addressOfObject(object: Observable): string {
  return addressOf(object.kind, object.meta.namespace, object.meta.name);
}

/** The annotation of an object may say anything: it is an effect id only if we know it. */
function createNamed(view: View, annotation: string): Pending | undefined {
  const effects: ReadonlyMap<string, Pending> = view.pending;
  const pending = effects.get(annotation);
  return pending !== undefined && createdKind(pending.command) !== undefined ? pending : undefined;
}

/** Pending commands of a set, in the order in which they were decided. */
export function pendingOf(view: View, set: Uid): readonly Pending[] {
  const effects: Iterable<EffectId> = view.memories.get(set)?.pending ?? [];
  return [...effects]
    .flatMap((effect) => view.pending.get(effect) ?? [])
    .toSorted(
      (left, right) =>
        left.decidedAt - right.decidedAt ||
        indexOf(left.command.effect) - indexOf(right.command.effect),
    );
}

function indexOf(effect: EffectId): number {
  return Number(effect.slice(effect.lastIndexOf('.') + 1));
}
