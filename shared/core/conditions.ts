import type { Condition, ScaledSet } from '#shared/contract/objects.ts';
import { rfc3339 } from './time.ts';
import type { Hold, StandingCondition, Trouble } from './situation.ts';

/** The conditions that are ours to set and to remove; all others are kept as they are. */
const ours: ReadonlySet<string> = new Set([
  'ReplicaFailure',
  'ReplicaPaused',
  'MassDeleteBlocked',
  'DiskReplacementHeld',
  'HealingHeld',
  'Progressing',
  'VolumeSafety',
  'InvalidAnnotation',
  // Of an earlier version of ours: taken away wherever it stands.
  'Unsupported',
]);

/** Holds that stand as a condition of their own name. */
const heldConditions: ReadonlySet<string> = new Set([
  'MassDeleteBlocked',
  'DiskReplacementHeld',
  'HealingHeld',
  'VolumeSafety',
  'InvalidAnnotation',
]);

export type Conditional = {
  readonly set: ScaledSet;
  readonly paused: boolean;
  readonly trouble: Trouble | undefined;
  readonly holds: readonly Hold[];
  readonly conditions: readonly StandingCondition[];
  readonly now: number;
};

/**
 * The conditions that hold now. One that does not hold is left out, never False. The time of transition
 * stays while the condition does, also when its reason changes.
 */
export function conditionsOf(conditional: Conditional): readonly Condition[] {
  const standing = conditional.set.status.conditions ?? [];
  const foreign = standing.filter((condition) => !ours.has(condition.type));
  const own = wanted(conditional).map((condition) => {
    const before = standing.find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    const lastTransitionTime = before?.lastTransitionTime ?? rfc3339(conditional.now);
    return { ...condition, lastTransitionTime };
  });
  return [...foreign, ...own];
}

/** Whether two lists say the same; times are not compared. */
export function sameConditions(left: readonly Condition[], right: readonly Condition[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((condition) =>
    right.some(
      (other) =>
        other.type === condition.type &&
        other.status === condition.status &&
        other.reason === condition.reason &&
        other.message === condition.message,
    ),
  );
}

function wanted(conditional: Conditional): readonly Condition[] {
  const { set, paused, trouble, holds } = conditional;
  const conditions: Condition[] = [];
  if (trouble !== undefined) conditions.push(condition('ReplicaFailure', trouble));
  if (paused) conditions.push(condition('ReplicaPaused', pausedAs(set)));
  for (const { reason, because } of holds) {
    if (heldConditions.has(reason)) {
      conditions.push(condition(reason, { reason, message: because }));
    }
  }
  return [...conditions, ...conditional.conditions];
}

function condition(type: string, { reason, message }: Trouble): Condition {
  return { type, status: 'True', reason, message };
}

/** Source: kubevirt pool.go and replicaset.go, updateStatus. */
function pausedAs(set: ScaledSet): Trouble {
  return set.kind === 'VirtualMachinePool'
    ? { reason: 'SuccessfulPaused', message: 'Pool controller is paused' }
    : { reason: 'Paused', message: 'Controller got paused' };
}
