import { canonicalJson } from '#shared/lib/canonical.ts';
import { at, listAt, recordAt, textAt } from '../behaviour/read.ts';
import type { KubeObject } from '../store/types.ts';
import type { Condition, Outcome } from './autoscale.ts';

/** The status that an outcome makes; undefined when it is the one that stands there. */
export function autoscalerStatus(
  object: KubeObject,
  outcome: Outcome,
  time: string,
): Readonly<Record<string, unknown>> | undefined {
  const old = recordAt(object, 'status');
  const { size, currentMetrics } = outcome;
  const status = {
    ...old,
    ...(size !== undefined && {
      currentReplicas: size.current,
      desiredReplicas: size.desired,
      ...(size.scaled && { lastScaleTime: time }),
    }),
    ...(currentMetrics !== undefined && { currentMetrics }),
    conditions: conditionsOf(object, outcome, time),
  };
  return canonicalJson(status) === canonicalJson(old) ? undefined : status;
}

const types = ['AbleToScale', 'ScalingActive', 'ScalingLimited'] as const;

/** The last word on each type; one that nothing was said about stays, and so does the time of no change. */
function conditionsOf(object: KubeObject, outcome: Outcome, time: string): readonly unknown[] {
  const known = listAt(object, 'status', 'conditions');
  return types.flatMap((type) => {
    const old = known.find((one) => at(one, 'type') === type);
    const said = outcome.conditions.findLast((one) => one.type === type);
    if (said === undefined) return old === undefined ? [] : [old];
    return [conditionOf(said, old, time)];
  });
}

function conditionOf({ type, holds, reason, message }: Condition, old: unknown, time: string) {
  const status = holds ? 'True' : 'False';
  const isSame = textAt(old, 'status') === status;
  const since = isSame ? (textAt(old, 'lastTransitionTime') ?? time) : time;
  return { type, status, lastTransitionTime: since, reason, message };
}
