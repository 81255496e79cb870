import type { Command, Notice } from '#shared/contract/commands.ts';
import type { Decided } from '#shared/contract/records.ts';
import { adviceText } from './advice.ts';
import { failureNotices } from './failures.ts';
import { holdsOf } from './holds.ts';
import { thinNotices } from './notices.ts';
import { setRefOf, wait, type Outcome } from './outcome.ts';
import {
  effectAt,
  roomOf,
  type Act,
  type Hold,
  type Round,
  type Situation,
  type Step,
  type Trouble,
} from './situation.ts';
import { statusCommands, statusStep } from './status.ts';

/** The concern that makes the plan. */
export type Work = Step & Act;

export type PlanParts = {
  readonly round: Round;
  readonly work: Work | undefined;
  readonly hold: Hold | undefined;
  readonly trouble: Trouble | undefined;
  /** Whether the status may be written at all. */
  readonly status: boolean;
};

/** One plan from the concern's commands, the events that are due and the status; or the wait for it. */
export function planFor(situation: Situation, parts: PlanParts): Outcome {
  const { work, round } = parts;
  const status = parts.status
    ? statusStep(situation, {
        counts: round.counts,
        trouble: parts.trouble,
        holds: holdsOf(situation, round),
        conditions: round.conditions,
      })
    : undefined;
  const extras = extrasOf(situation, parts, status);
  const commands = withExtras(situation, work?.commands ?? [], extras);
  const withdraws = work?.withdraws ?? [];
  const wakeAt = wakeAtOf(situation, [
    ...round.steps.map((step) => step.wakeAt),
    round.counts.wakeAt,
    status !== undefined && 'wakeAt' in status ? status.wakeAt : undefined,
  ]);
  if (commands.length + withdraws.length === 0) return wait(waitingFor(round), wakeAt);
  if (isKnownAdvice(situation, commands)) return wait('the advice has been given', wakeAt);
  return { type: 'act', decided: decidedOf(situation, parts, commands) };
}

/** Makes commands for the indices from a first one on. */
type Extra = (effect: (index: number) => Command['effect']) => readonly Command[];

/** Events for holds and refusals, then the status. An advice has neither: it changes nothing. */
function extrasOf(
  situation: Situation,
  { hold }: PlanParts,
  status: ReturnType<typeof statusStep>,
): readonly Extra[] {
  const { set, memory, mode } = situation;
  if (mode === 'advise') return [];
  const due = [...holdNotices(situation, hold), ...failureNotices(memory, set)];
  const events = due.map((notice): Extra => (effect) => [
    { verb: 'post-event', effect: effect(0), because: notice.message, notice },
  ]);
  if (status === undefined || 'wakeAt' in status) return events;
  return [...events, (effect) => statusCommands(status, effect)];
}

/** Once for each hold. */
function holdNotices({ memory }: Situation, hold: Hold | undefined): readonly Notice[] {
  if (hold === undefined || memory.held?.reason !== hold.reason || memory.held.noticed) return [];
  return [{ type: 'Warning', reason: hold.reason, message: hold.because }];
}

/** Extras take what room the concern has left; what finds none waits for the next round. */
function withExtras(
  situation: Situation,
  work: readonly Command[],
  extras: readonly Extra[],
): readonly Command[] {
  const { memory, set, moment } = situation;
  const room = roomOf(situation);
  const commands = [...work];
  for (const extra of extras) {
    const more = extra((index) => effectAt(situation, commands.length + index));
    if (commands.length + more.length <= room) commands.push(...more);
  }
  const thin = thinNotices(commands, { memory, kind: set.kind, now: moment.now });
  // An event that is dropped leaves a gap among the ids, and the index is part of the command.
  return thin.length === commands.length
    ? thin
    : thin.map((command, at) => ({ ...command, effect: effectAt(situation, at) }));
}

function isKnownAdvice({ mode, memory }: Situation, commands: readonly Command[]): boolean {
  return mode === 'advise' && memory.advice === adviceText(commands);
}

function decidedOf(
  situation: Situation,
  { work, round }: PlanParts,
  commands: readonly Command[],
): Decided {
  const { view, set, mode, moment } = situation;
  return {
    type: 'decided',
    epoch: view.epoch,
    plan: view.plan + 1,
    set: setRefOf(set),
    mode,
    basis: view.sequence,
    moment,
    because: work?.because ?? commands[0]?.because ?? 'nothing is left to do',
    balance: round.balance,
    ...(work?.template !== undefined && { template: work.template }),
    commands: [...commands],
    ...(work?.withdraws !== undefined && { withdraws: work.withdraws }),
    ...(work?.candidates !== undefined && { candidates: work.candidates }),
    ...(work?.vetoes !== undefined && { vetoes: work.vetoes }),
  };
}

function waitingFor(round: Round): string {
  const reasons = round.steps.flatMap((step) =>
    step.type === 'pass' && step.because !== undefined ? [step.because] : [],
  );
  const { desired, active } = round.balance;
  return reasons[0] ?? `${active} of ${desired}: nothing to do`;
}

/** The next moment at which the answer may be another one. */
function wakeAtOf(
  { moment }: Situation,
  times: readonly (number | undefined)[],
): number | undefined {
  const future = times.filter((time) => time !== undefined && time > moment.now);
  return future.length === 0 ? undefined : Math.min(...future.map((time) => time ?? moment.now));
}
