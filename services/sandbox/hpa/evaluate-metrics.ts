import { at, listAt, numberAt, textAt } from '../behaviour/read.ts';
import type { KubeObject } from '../store/types.ts';
import { metricReplicas } from './metric-replicas.ts';
import type { PodState, Sample, Tolerance, Usage } from './metric-replicas.ts';
import { milliOf, quantityOfMilli } from './quantity.ts';
import type { Autoscaler, MetricSpec } from './read-autoscaler.ts';
import type { Verdict } from './scaling-rules.ts';

export type Measured =
  | { readonly kind: 'resource'; readonly resource: string; readonly container?: string }
  | { readonly kind: 'pods'; readonly metric: string };

/** What the metrics APIs would answer, by pod name; a pod without a value is left out. */
export interface Measures {
  samplesOf(pods: readonly KubeObject[], measured: Measured): ReadonlyMap<string, Sample>;
}

export type MetricsQuestion = {
  readonly autoscaler: Autoscaler;
  readonly nowMs: number;
  readonly currentReplicas: number;
  readonly tolerance: Tolerance;
  readonly pods: readonly KubeObject[];
  readonly measures: Measures;
};

export type MetricsAnswer =
  | {
      readonly kind: 'desired';
      readonly replicas: number;
      /** The metric that asks for the most, in Kubernetes' words. */
      readonly metric: string;
      readonly current: readonly unknown[];
    }
  | { readonly kind: 'failed'; readonly verdict: Verdict; readonly current: readonly unknown[] };

type Proposal =
  | {
      readonly kind: 'proposal';
      readonly replicas: number;
      readonly metric: string;
      readonly current: unknown;
    }
  | { readonly kind: 'failed'; readonly verdict: Verdict };

/**
 * The largest size that a metric asks for. Where a metric cannot be read nothing shrinks, and where none
 * can be read nothing changes.
 */
export function evaluateMetrics(question: MetricsQuestion): MetricsAnswer {
  const proposals = question.autoscaler.metrics.map((spec) => proposalOf(question, spec));
  const given = proposals.filter((one) => one.kind === 'proposal');
  const failed = proposals.filter((one) => one.kind === 'failed');
  const current = given.map((proposal) => proposal.current);
  const [first, ...others] = given;
  const [problem] = failed;
  if (first === undefined)
    return { kind: 'failed', verdict: problem?.verdict ?? noMetrics, current };
  const best = others.reduce((most, one) => (one.replicas > most.replicas ? one : most), first);
  if (problem !== undefined && best.replicas < question.currentReplicas) {
    return { kind: 'failed', verdict: problem.verdict, current };
  }
  return { kind: 'desired', replicas: best.replicas, metric: best.metric, current };
}

const noMetrics: Verdict = { reason: 'InvalidMetricSourceType', message: 'there are no metrics' };

function proposalOf(question: MetricsQuestion, spec: MetricSpec): Proposal {
  if (spec.kind === 'unsupported') {
    const message = `the HPA was unable to compute the replica count: metrics of type ${JSON.stringify(spec.type)} are not served here`;
    return { kind: 'failed', verdict: { reason: 'InvalidMetricSourceType', message } };
  }
  const { pods, nowMs, currentReplicas, tolerance, measures } = question;
  const measured = measuredBy(spec);
  const answer = metricReplicas({
    nowMs,
    currentReplicas,
    isCpu: spec.kind === 'resource' && spec.resource === 'cpu',
    target: spec.target,
    tolerance,
    pods: pods.map((pod) => podState(pod, measured)),
    samples: measures.samplesOf(pods, measured),
  });
  const words = wordsOf(spec);
  if (answer.kind === 'unknown') {
    const message = `the HPA was unable to compute the replica count: failed to get ${words.source}: ${answer.why}`;
    return { kind: 'failed', verdict: { reason: words.failure, message } };
  }
  const current = currentMetric(spec, answer.usage);
  return { kind: 'proposal', replicas: answer.replicas, metric: words.metric, current };
}

type Readable = Exclude<MetricSpec, { kind: 'unsupported' }>;

function measuredBy(spec: Readable): Measured {
  if (spec.kind === 'pods') return { kind: 'pods', metric: spec.metric };
  const { resource, container } = spec;
  return { kind: 'resource', resource, ...(container !== undefined && { container }) };
}

function wordsOf(spec: Readable) {
  if (spec.kind === 'pods') {
    return {
      metric: `pods metric ${spec.metric}`,
      source: `pods metric value`,
      failure: 'FailedGetPodsMetric',
    };
  }
  const { resource, container, target } = spec;
  const share = target.kind === 'utilization' ? ' utilization (percentage of request)' : '';
  const where = container === undefined ? '' : ` in container ${container}`;
  return {
    metric: `${resource} ${container === undefined ? '' : 'container '}resource${share}`,
    source: `${resource} ${target.kind === 'utilization' ? 'utilization' : 'usage'}${where}`,
    failure:
      container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric',
  };
}

function currentMetric(spec: Readable, { averageMilli, utilization }: Usage): unknown {
  const current = {
    averageValue: quantityOfMilli(averageMilli),
    ...(utilization !== undefined && { averageUtilization: utilization }),
  };
  if (spec.kind === 'pods') {
    return { type: 'Pods', pods: { metric: { name: spec.metric }, current } };
  }
  const { resource: name, container } = spec;
  if (container === undefined) return { type: 'Resource', resource: { name, current } };
  return { type: 'ContainerResource', containerResource: { name, container, current } };
}

/** What the calculation needs of a pod. */
function podState(pod: KubeObject, measured: Measured): PodState {
  const started = Date.parse(textAt(pod, 'status', 'startTime') ?? '');
  const ready = listAt(pod, 'status', 'conditions').find((one) => at(one, 'type') === 'Ready');
  const request = requestOf(pod, measured);
  return {
    name: pod.metadata.name,
    phase: textAt(pod, 'status', 'phase') ?? 'Pending',
    deleting: pod.metadata.deletionTimestamp !== undefined,
    ...(!Number.isNaN(started) && { startedAtMs: started }),
    ...(ready !== undefined && {
      ready: {
        status: textAt(ready, 'status') ?? 'Unknown',
        changedAtMs: Date.parse(textAt(ready, 'lastTransitionTime') ?? '') || 0,
      },
    }),
    ...(request !== undefined && { requestMilli: request }),
  };
}

/** The requests of the containers together; undefined when one of them says none. */
function requestOf(pod: KubeObject, measured: Measured): number | undefined {
  if (measured.kind === 'pods') return undefined;
  const { resource, container } = measured;
  const containers = listAt(pod, 'spec', 'containers').filter(
    (one) => container === undefined || textAt(one, 'name') === container,
  );
  const requests = containers.map((one) => milliOf(at(one, 'resources', 'requests', resource)));
  const known = requests.filter((one) => one !== undefined);
  if (known.length === 0 || known.length < requests.length) return undefined;
  return known.reduce((total, one) => total + one, 0);
}

/** The size that a Scale tells; Go leaves 0 out. */
export function sizeOf(scale: unknown): number {
  return numberAt(scale, 'spec', 'replicas') ?? 0;
}
