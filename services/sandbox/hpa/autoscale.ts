import { recordAt, textAt } from '../behaviour/read.ts';
import type { Clock, ResourcePath, Store, StoreAnswer, StoreRequest } from '../store/types.ts';
import { autoscalerCaller, autoscalerManager, listPods, refusalOf, targetPath } from './cluster.ts';
import { evaluateMetrics, sizeOf } from './evaluate-metrics.ts';
import type { Measures } from './evaluate-metrics.ts';
import type { Autoscaler } from './read-autoscaler.ts';
import { boundedReplicas, rememberScale } from './scaling-rules.ts';
import type { Memory, Verdict } from './scaling-rules.ts';

export type SizeWrite = Extract<StoreRequest, { readonly verb: 'update' }>;

export type AutoscalerParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly measures: Measures;
  readonly intervalMs: number;
  /** How long the largest of the recent wishes stands before a target shrinks. */
  readonly downscaleWindowMs: number;
  /** Told each write of a target's size, for the audit log. */
  readonly wrote?: (request: SizeWrite, answer: StoreAnswer) => void;
};

export type Condition = Verdict & {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  readonly holds: boolean;
};

export type Notice = Verdict & { readonly type: 'Normal' | 'Warning' };

/** What one look at a target came to. */
export type Outcome = {
  readonly conditions: readonly Condition[];
  readonly notices: readonly Notice[];
  readonly memory: Memory;
  /** Undefined where the target's size is not known. */
  readonly size?: { readonly current: number; readonly desired: number; readonly scaled: boolean };
  readonly currentMetrics?: readonly unknown[];
};

/** Kubernetes' `--horizontal-pod-autoscaler-tolerance`. */
const usualTolerance = { up: 0.1, down: 0.1 };

/** One turn of Kubernetes' horizontal pod autoscaler for one target. */
export function autoscale(parts: AutoscalerParts, autoscaler: Autoscaler, memory: Memory): Outcome {
  const { store } = parts;
  const { target, object } = autoscaler;
  const { namespace = '' } = object.metadata;
  const path = targetPath(store, target);
  if (path === undefined) {
    return stuck(memory, `no matches for kind "${target.kind}" in group of "${target.apiVersion}"`);
  }
  const asked = { resource: path, namespace, caller: autoscalerCaller, name: target.name } as const;
  const scale = store.handle({ ...asked, verb: 'get', subresource: 'scale' });
  const refusal = refusalOf(scale);
  if (refusal !== undefined) return stuck(memory, refusal);
  const wish = wishOf(parts, autoscaler, { memory, scale: scale.body });
  const current = sizeOf(scale.body);
  const gotScale: Condition = {
    type: 'AbleToScale',
    holds: true,
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  };
  const known: Outcome = {
    ...wish.outcome,
    conditions: [gotScale, ...wish.outcome.conditions],
    size: { current, desired: current, scaled: false },
  };
  if (wish.desired === undefined || wish.desired === current) return known;
  return resize(parts, known, { ...wish, path, autoscaler, current, desired: wish.desired, scale });
}

function stuck(memory: Memory, why: string): Outcome {
  const message = `the HPA controller was unable to get the target's current scale: ${why}`;
  const verdict = { reason: 'FailedGetScale', message };
  return {
    conditions: [{ type: 'AbleToScale', holds: false, ...verdict }],
    notices: [{ type: 'Warning', reason: 'FailedGetScale', message: why }],
    memory,
  };
}

type Wish = {
  /** Undefined: leave the size alone. */
  readonly desired: number | undefined;
  /** Why, in the words of the event. */
  readonly because: string;
  readonly outcome: Outcome;
};

type Seen = { readonly memory: Memory; readonly scale: unknown };

function wishOf(parts: AutoscalerParts, autoscaler: Autoscaler, { memory, scale }: Seen): Wish {
  const current = sizeOf(scale);
  const outcome: Outcome = { conditions: [], notices: [], memory };
  const { min, max } = autoscaler;
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    const off: Condition = {
      type: 'ScalingActive',
      holds: false,
      reason: 'ScalingDisabled',
      message,
    };
    return { desired: undefined, because: '', outcome: { ...outcome, conditions: [off] } };
  }
  if (current > max) {
    return { desired: max, because: 'Current number of replicas above Spec.MaxReplicas', outcome };
  }
  if (current < min) {
    return { desired: min, because: 'Current number of replicas below Spec.MinReplicas', outcome };
  }
  return measuredWish(parts, autoscaler, { memory, scale });
}

function measuredWish(parts: AutoscalerParts, autoscaler: Autoscaler, seen: Seen): Wish {
  const { memory, scale } = seen;
  const selector = textAt(scale, 'status', 'selector');
  if (selector === undefined) {
    const message = "the HPA target's scale is missing a selector";
    return failedWish(memory, { reason: 'InvalidSelector', message }, []);
  }
  const current = sizeOf(scale);
  const nowMs = parts.clock.now();
  const answer = evaluateMetrics({
    autoscaler,
    nowMs,
    currentReplicas: current,
    tolerance: { ...usualTolerance, ...autoscaler.tolerance },
    pods: listPods(parts.store, autoscaler.object.metadata.namespace ?? '', selector),
    measures: parts.measures,
  });
  if (answer.kind === 'failed') return failedWish(memory, answer.verdict, answer.current);
  const { min, max, behavior } = autoscaler;
  const { downscaleWindowMs } = parts;
  const base = { nowMs, current, min, max, downscaleWindowMs, ...(behavior && { behavior }) };
  const bounded = boundedReplicas({ ...base, desired: answer.replicas }, memory);
  const grows = bounded.replicas > current;
  return {
    desired: bounded.replicas,
    because: grows ? `${answer.metric} above target` : 'All metrics below target',
    outcome: {
      conditions: [
        {
          type: 'ScalingActive',
          holds: true,
          reason: 'ValidMetricFound',
          message: `the HPA was able to successfully calculate a replica count from ${answer.metric}`,
        },
        { type: 'AbleToScale', holds: true, ...(bounded.stabilised ?? readyForNewScale) },
        { type: 'ScalingLimited', ...bounded.limited },
      ],
      notices: [],
      memory: { ...memory, recommendations: bounded.recommendations },
      currentMetrics: answer.current,
    },
  };
}

const readyForNewScale: Verdict = {
  reason: 'ReadyForNewScale',
  message: 'recommended size matches current size',
};

function failedWish(memory: Memory, verdict: Verdict, currentMetrics: readonly unknown[]): Wish {
  const failed: Condition = { type: 'ScalingActive', holds: false, ...verdict };
  const outcome: Outcome = {
    conditions: [failed],
    notices: [
      { type: 'Warning', ...verdict },
      { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message: verdict.message },
    ],
    memory,
    currentMetrics,
  };
  return { desired: undefined, because: '', outcome };
}

type Change = {
  readonly path: ResourcePath;
  readonly autoscaler: Autoscaler;
  readonly scale: StoreAnswer;
  readonly current: number;
  readonly desired: number;
  readonly because: string;
};

/** PUTs the scale that was read, with its resourceVersion: what changed since is not overwritten. */
function resize(parts: AutoscalerParts, known: Outcome, change: Change): Outcome {
  const { path, autoscaler, scale, current, desired, because } = change;
  const { namespace = '' } = autoscaler.object.metadata;
  const request: SizeWrite = {
    verb: 'update',
    resource: path,
    namespace,
    caller: autoscalerCaller,
    fieldManager: autoscalerManager,
    name: autoscaler.target.name,
    subresource: 'scale',
    body: { ...recordAt(scale.body), spec: { replicas: desired } },
  };
  const answer = parts.store.handle(request);
  parts.wrote?.(request, answer);
  const refusal = refusalOf(answer);
  const words = `New size: ${desired}; reason: ${because}`;
  if (refusal !== undefined) {
    const message = `the HPA controller was unable to update the target scale: ${refusal}`;
    const failed: Condition = {
      type: 'AbleToScale',
      holds: false,
      reason: 'FailedUpdateScale',
      message,
    };
    return {
      ...known,
      conditions: [...known.conditions, failed],
      notices: [
        { type: 'Warning', reason: 'FailedRescale', message: `${words}; error: ${refusal}` },
      ],
    };
  }
  const message = `the HPA controller was able to update the target scale to ${desired}`;
  const done: Condition = { type: 'AbleToScale', holds: true, reason: 'SucceededRescale', message };
  const atMs = parts.clock.now();
  return {
    ...known,
    conditions: [...known.conditions, done],
    notices: [{ type: 'Normal', reason: 'SuccessfulRescale', message: words }],
    memory: rememberScale(known.memory, { from: current, to: desired, atMs }),
    size: { current, desired, scaled: true },
  };
}
