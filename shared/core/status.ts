import type { Command, Notice } from '#shared/contract/commands.ts';
import type { Condition, ScaledSet, SetStatus } from '#shared/contract/objects.ts';
import { conditionsOf, sameConditions, type Conditional } from './conditions.ts';
import { waitsUntil } from './refusals.ts';
import { parseSelector, selectorText } from './selector.ts';
import {
  isPending,
  type Hold,
  type Situation,
  type StandingCondition,
  type StatusCounts,
  type Trouble,
} from './situation.ts';

/** A set's status is written at most this often. */
const statusEveryMs = 1000;

export type StatusInput = {
  readonly counts: StatusCounts;
  readonly trouble: Trouble | undefined;
  readonly holds: readonly Hold[];
  readonly conditions: readonly StandingCondition[];
};

export type Unnumbered = { readonly status: SetStatus; readonly notices: readonly Notice[] };

/**
 * The status to write now, with the events that its change tells; a time to ask again when it is too
 * early; nothing when the cluster has it already. KubeVirt writes the status itself while its
 * controllers run, and a set that is being deleted needs none.
 */
export function statusStep(
  situation: Situation,
  input: StatusInput,
): Unnumbered | { readonly wakeAt: number } | undefined {
  const { set, memory, moment, view, mode } = situation;
  if (mode !== 'manage' || moment.policy.kubevirtControllers === 'running') return undefined;
  if (set.meta.deletedAt !== undefined || isPending(situation, 'write-status')) return undefined;
  const conditions = conditionsOf(conditionalOf(situation, input));
  const status = statusOf(set, input.counts, conditions);
  if (isTold(set.status, status, memory.pruned)) return undefined;
  const soonest = Math.max(
    memory.statusAt === undefined ? 0 : memory.statusAt + statusEveryMs,
    waitsUntil(view, memory, { class: 'status', now: moment.now }) ?? 0,
  );
  if (soonest > moment.now) return { wakeAt: soonest };
  // Where the cluster keeps no conditions nobody can tell that one is new.
  const notices = memory.pruned.has('conditions') ? [] : noticesOf(set, conditions);
  return { status, notices };
}

/** The commands that write a status: it carries the first event, others are posted beside it. */
export function statusCommands(
  { status, notices }: Unnumbered,
  effectAt: (index: number) => Command['effect'],
): readonly Command[] {
  const [first, ...rest] = notices;
  const write: Command = {
    verb: 'write-status',
    effect: effectAt(0),
    because: 'the status is behind the cluster',
    status,
    ...(first !== undefined && { notice: first }),
  };
  const posts = rest.map((notice, at): Command => ({
    verb: 'post-event',
    effect: effectAt(at + 1),
    because: notice.message,
    notice,
  }));
  return [write, ...posts];
}

function conditionalOf(situation: Situation, input: StatusInput): Conditional {
  const { set, paused, moment } = situation;
  const { trouble, holds, conditions } = input;
  return { set, paused, trouble, holds, conditions, now: moment.now };
}

function statusOf(
  set: ScaledSet,
  counts: StatusCounts,
  conditions: readonly Condition[],
): SetStatus {
  const labelSelector = selectorOf(set);
  return {
    replicas: counts.replicas,
    readyReplicas: counts.readyReplicas,
    availableReplicas: counts.availableReplicas,
    ...(counts.updatedReplicas !== undefined && { updatedReplicas: counts.updatedReplicas }),
    ...(counts.currentRevision !== undefined && { currentRevision: counts.currentRevision }),
    ...(counts.updateRevision !== undefined && { updateRevision: counts.updateRevision }),
    ...(set.meta.generation !== undefined && { observedGeneration: set.meta.generation }),
    ...(labelSelector !== undefined && { labelSelector }),
    conditions: [...conditions],
  };
}

function selectorOf(set: ScaledSet): string | undefined {
  if (set.selector === undefined) return undefined;
  const selector = parseSelector(set.selector);
  return 'problem' in selector ? undefined : selectorText(selector);
}

/**
 * Whether the cluster shows what we would write. Fields that its CRD has pruned are not compared: they
 * would never come, and be written for ever. An absent number or text reads as zero or empty.
 */
function isTold(shown: SetStatus, wanted: SetStatus, pruned: ReadonlySet<string>): boolean {
  return (
    numbers.every((field) => {
      if (pruned.has(field) || wanted[field] === undefined) return true;
      return (shown[field] ?? 0) === wanted[field];
    }) &&
    texts.every((field) => pruned.has(field) || (shown[field] ?? '') === (wanted[field] ?? '')) &&
    (pruned.has('conditions') || sameConditions(shown.conditions ?? [], wanted.conditions ?? []))
  );
}

const numbers = [
  'replicas',
  'readyReplicas',
  'availableReplicas',
  'updatedReplicas',
  'observedGeneration',
] as const;

const texts = ['labelSelector', 'currentRevision', 'updateRevision'] as const;

/** Events of upstream for conditions that come or go with this write. */
function noticesOf(set: ScaledSet, conditions: readonly Condition[]): readonly Notice[] {
  const before = set.status.conditions ?? [];
  const notices: Notice[] = [];
  const failure = conditions.find(({ type }) => type === 'ReplicaFailure');
  const failed = before.find(({ type }) => type === 'ReplicaFailure');
  if (failure !== undefined && failed?.reason !== failure.reason) {
    const notice = failureNotice(failure);
    if (notice !== undefined) notices.push(notice);
  }
  for (const { type, status, reason = '', message = '' } of conditions) {
    if (
      !isWarning(type, status) ||
      before.some((old) => old.type === type && old.status === status)
    )
      continue;
    notices.push({ type: 'Warning', reason, message });
  }
  const paused = conditions.some(({ type }) => type === 'ReplicaPaused');
  if (paused !== before.some(({ type }) => type === 'ReplicaPaused')) {
    notices.push(pauseNotice(set, paused));
  }
  return notices;
}

/** Conditions of our own that people should hear of when they begin. */
function isWarning(type: string, status: string): boolean {
  return type === 'VolumeSafety' || (type === 'Progressing' && status === 'False');
}

/** Reasons that are told by an event of their own, when the refusal or the hold is. */
const toldElsewhere: ReadonlySet<string> = new Set([
  'FailedCreate',
  'FailedDelete',
  'InvalidTemplate',
  'InvalidSelector',
  'SelectorMismatch',
]);

function failureNotice(failure: Condition): Notice | undefined {
  const { reason = '', message = '' } = failure;
  return toldElsewhere.has(reason) ? undefined : { type: 'Warning', reason, message };
}

function pauseNotice(set: ScaledSet, paused: boolean): Notice {
  const type = 'Normal';
  if (set.kind === 'VirtualMachinePool') {
    return paused
      ? { type, reason: 'SuccessfulPaused', message: 'Pool is paused' }
      : { type, reason: 'SuccessfulResume', message: 'Pool is unpaused' };
  }
  return paused
    ? { type, reason: 'SuccessfulPaused', message: 'Paused' }
    : { type, reason: 'SuccessfulResumed', message: 'Resumed' };
}
