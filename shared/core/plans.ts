import type { Command } from '#shared/contract/commands.ts';
import type { Decided, Held, LogRecord } from '#shared/contract/records.ts';
import { adviceText } from './advice.ts';
import { noteScaleIn, noteStanding } from './demand.ts';
import { memoryOf, touchAll, type Fold } from './fold.ts';
import { isCombined, noticesWindowMs } from './notices.ts';
import { failureReason } from './failures.ts';
import { beginPending } from './pending.ts';
import { doubtSurveys } from './surveys.ts';
import { isFinished } from './replicaset/members.ts';
import type { Memory, View } from './view.ts';

type Opened = Extract<LogRecord, { type: 'opened' }>;

/** How long a destruction is remembered; the window of the guard is far shorter. */
const destroyedMemoryMs = 24 * 3600 * 1000;

/**
 * How long nothing is destroyed by a reconciler that could not fold the whole log: commands of before
 * that it does not know of have come to their end by then.
 */
const carefulMs = 10 * 60 * 1000;

/**
 * A new owner of the shard: plans are counted from 1 again. Commands of older epochs stay pending until
 * the executor has settled them.
 */
export function foldOpened(fold: Fold, { run = '', trustsFrom }: Opened): void {
  fold.view.epoch = fold.sequence;
  fold.view.run = run;
  fold.view.plan = 0;
  if (fold.view.hasGap) fold.view.carefulUntil = fold.at + carefulMs;
  if (trustsFrom !== undefined) doubtSurveys(fold, trustsFrom);
  touchAll(fold);
}

/** Our own plan is a fact: its commands are on their way from now on. An advice starts nothing. */
export function foldDecided(fold: Fold, plan: Decided): void {
  const { view } = fold;
  if (plan.epoch === view.epoch) view.plan = Math.max(view.plan, plan.plan);
  fold.touched.add(plan.set.uid);
  const memory = memoryOf(view, plan.set.uid);
  if (plan.mode === 'advise') {
    memory.advice = adviceText(plan.commands);
    return;
  }
  memory.advice = undefined;
  for (const effect of plan.withdraws ?? []) {
    const pending = view.pending.get(effect);
    if (pending !== undefined) pending.withdrawn = true;
  }
  noteStanding(memory, plan);
  for (const command of plan.commands) {
    noteCommand(fold, memory, command);
    beginPending(fold, plan, command);
  }
}

/** What has been told about a hold is not told again. */
export function foldHeld(fold: Fold, held: Held): void {
  fold.touched.add(held.set.uid);
  const memory = memoryOf(fold.view, held.set.uid);
  memory.held =
    held.reason === undefined
      ? undefined
      : {
          reason: held.reason,
          because: held.because,
          noticed: memory.held?.reason === held.reason && memory.held.noticed,
        };
}

function noteCommand(fold: Fold, memory: Memory, command: Command): void {
  noteNotice(fold, memory, command);
  switch (command.verb) {
    case 'delete-member':
      memory.purposes.set(command.member.uid, command.purpose);
      if (command.keepDisks === true) memory.keeps.add(command.member.uid);
      if (countsAsDestroyed(fold.view, command)) noteDestroyed(fold, memory, command);
      return;
    case 'free-member':
      if (command.purpose === 'retire') memory.freed.add(command.member.uid);
      if (command.purpose === 'free') noteDestroyed(fold, memory, command);
      return;
    case 'write-status':
      memory.statusAt = fold.at;
      return;
    case 'mark-api-version':
      memory.marked = true;
      return;
    case 'secure-set':
    case 'create-revision':
    case 'create-vm':
    case 'create-vmi':
    case 'retire-set':
    case 'post-event':
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
    case 'restart-member':
    case 'label-instance':
    case 'delete-revision':
    case 'roll-back':
      return;
    case 'preserve-disk':
      // One that others deleted: what has been begun is finished, whatever the policy becomes.
      memory.keeps.add(command.member.uid);
      return;
  }
}

type Removal = Extract<Command, { verb: 'delete-member' | 'free-member' }>;

/**
 * A VMI that has run to its end is not destroyed by being cleared away: counting it would hold up a
 * replica set of short-lived machines for ever.
 */
function countsAsDestroyed(view: View, command: Removal): boolean {
  if (command.purpose !== 'clean-up') return true;
  const member = view.objects.get(command.member.uid);
  return !(member?.kind === 'VirtualMachineInstance' && isFinished(member));
}

/** A member counts once, however many calls its removal takes. */
function noteDestroyed(fold: Fold, memory: Memory, command: Removal): void {
  const { uid } = command.member;
  if (memory.destroyed.has(uid)) return;
  const { explained } = command.purpose === 'scale-in' ? noteScaleIn(memory) : { explained: false };
  for (const [old, { at }] of memory.destroyed) {
    if (at > fold.at - destroyedMemoryMs) break;
    memory.destroyed.delete(old);
  }
  const { effect, purpose } = command;
  memory.destroyed.set(uid, {
    ...{ at: fold.at, explained, effect },
    ...(purpose === 'heal' && { heals: true }),
  });
}

function noteNotice(fold: Fold, memory: Memory, command: Command): void {
  const { notice } = command;
  if (notice === undefined) return;
  if (memory.held?.reason === notice.reason) memory.held.noticed = true;
  for (const refusal of memory.refusals.values()) {
    if (failureReason(refusal.class) === notice.reason) refusal.told = refusal.count;
  }
  if (isCombined(notice)) return;
  const since = fold.at - noticesWindowMs;
  const times = (memory.notices.get(notice.reason) ?? []).filter((at) => at > since);
  memory.notices.set(notice.reason, [...times, fold.at]);
}
