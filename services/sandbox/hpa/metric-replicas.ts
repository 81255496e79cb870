/**
 * How many replicas one metric asks for: the calculation of Kubernetes' replica calculator
 * (pkg/controller/podautoscaler/replica_calculator.go), over plain data. Values are in thousandths.
 */

export type PodState = {
  readonly name: string;
  readonly phase: string;
  readonly deleting: boolean;
  readonly startedAtMs?: number;
  readonly ready?: { readonly status: string; readonly changedAtMs: number };
  /** Undefined where a container says no request for the resource. */
  readonly requestMilli?: number;
};

export type Sample = { readonly milli: number; readonly atMs: number; readonly windowMs: number };

/** How far a ratio may lie off 1 before anything is done, by direction. */
export type Tolerance = { readonly up: number; readonly down: number };

export type MetricTarget =
  /** Percent of what the pods request. */
  | { readonly kind: 'utilization'; readonly percent: number }
  | { readonly kind: 'average'; readonly milli: number };

export type Measurement = {
  readonly nowMs: number;
  readonly currentReplicas: number;
  /** Only CPU is unsteady while a pod starts. */
  readonly isCpu: boolean;
  readonly target: MetricTarget;
  readonly tolerance: Tolerance;
  readonly pods: readonly PodState[];
  readonly samples: ReadonlyMap<string, Sample>;
};

export type Usage = { readonly averageMilli: number; readonly utilization?: number };

export type MetricReplicas =
  | { readonly kind: 'replicas'; readonly replicas: number; readonly usage: Usage }
  | { readonly kind: 'unknown'; readonly why: string };

/** Kubernetes' `--horizontal-pod-autoscaler-cpu-initialization-period` and `-initial-readiness-delay`. */
const startingMs = 5 * 60_000;
const readinessDelayMs = 30_000;

export function metricReplicas(measurement: Measurement): MetricReplicas {
  const { pods, samples, target } = measurement;
  if (pods.length === 0) {
    return unknown('no pods returned by selector while calculating replica count');
  }
  const groups = groupPods(measurement);
  const known = new Map(
    [...samples]
      .filter(([name]) => groups.ready.has(name))
      .map(([name, { milli }]) => [name, milli]),
  );
  if (known.size === 0) {
    return unknown('did not receive metrics for targeted pods (pods might be unready)');
  }
  const requests = new Map(pods.map(({ name, requestMilli }) => [name, requestMilli]));
  if (target.kind === 'utilization') {
    const silent = pods.find(({ requestMilli }) => requestMilli === undefined);
    if (silent !== undefined) return unknown(`missing request for the resource in ${silent.name}`);
  }
  const ratioOf = (values: ReadonlyMap<string, number>): number =>
    usageRatio(values, { requests, target }).ratio;
  const { usage } = usageRatio(known, { requests, target });
  const replicas = proposal(measurement, { groups, known, requests, ratioOf });
  return { kind: 'replicas', replicas, usage };
}

function unknown(why: string): MetricReplicas {
  return { kind: 'unknown', why };
}

type Groups = {
  readonly ready: ReadonlySet<string>;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
};

/** Pods that go away count for nothing; a pod that starts, or is not measured, is judged apart. */
function groupPods(measurement: Measurement): Groups {
  const groups = {
    ready: new Set<string>(),
    unready: new Set<string>(),
    missing: new Set<string>(),
  };
  for (const pod of measurement.pods) {
    if (pod.deleting || pod.phase === 'Failed') continue;
    const sample = measurement.samples.get(pod.name);
    if (pod.phase === 'Pending') groups.unready.add(pod.name);
    else if (sample === undefined) groups.missing.add(pod.name);
    else if (measurement.isCpu && isStarting(pod, sample, measurement.nowMs)) {
      groups.unready.add(pod.name);
    } else groups.ready.add(pod.name);
  }
  return groups;
}

function isStarting({ ready, startedAtMs }: PodState, sample: Sample, nowMs: number): boolean {
  if (ready === undefined || startedAtMs === undefined) return true;
  const isDown = ready.status === 'False';
  if (nowMs < startedAtMs + startingMs) {
    // The sample must come whole from the time after the pod became ready.
    return isDown || sample.atMs < ready.changedAtMs + sample.windowMs;
  }
  return isDown && ready.changedAtMs < startedAtMs + readinessDelayMs;
}

type Ratios = {
  readonly groups: Groups;
  readonly known: ReadonlyMap<string, number>;
  readonly requests: ReadonlyMap<string, number | undefined>;
  readonly ratioOf: (values: ReadonlyMap<string, number>) => number;
};

function proposal(measurement: Measurement, { groups, known, requests, ratioOf }: Ratios): number {
  const { currentReplicas, tolerance, target } = measurement;
  const ratio = ratioOf(known);
  const countsUnready = groups.unready.size > 0 && ratio > 1;
  if (!countsUnready && groups.missing.size === 0) {
    return isWithin(tolerance, ratio) ? currentReplicas : Math.ceil(ratio * known.size);
  }
  // The careful guess: a pod nobody measured idles when it grows, and is fully used when it shrinks.
  const guessed = new Map(known);
  for (const name of groups.missing) {
    guessed.set(name, ratio < 1 ? fullyUsed(target, requests.get(name) ?? 0) : 0);
  }
  if (countsUnready) for (const name of groups.unready) guessed.set(name, 0);
  const careful = ratioOf(guessed);
  const turns = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isWithin(tolerance, careful) || turns) return currentReplicas;
  const replicas = Math.ceil(careful * guessed.size);
  const contradicts =
    (careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas);
  return contradicts ? currentReplicas : replicas;
}

function fullyUsed(target: MetricTarget, requestMilli: number): number {
  if (target.kind === 'average') return target.milli;
  return (requestMilli * Math.max(100, target.percent)) / 100;
}

function isWithin({ up, down }: Tolerance, ratio: number): boolean {
  return ratio >= 1 - down && ratio <= 1 + up;
}

type Against = Pick<Ratios, 'requests'> & { readonly target: MetricTarget };

/** Whole percents and whole thousandths, as Kubernetes divides. */
function usageRatio(
  values: ReadonlyMap<string, number>,
  { requests, target }: Against,
): { readonly ratio: number; readonly usage: Usage } {
  const total = sum([...values.values()]);
  const averageMilli = Math.trunc(total / values.size);
  if (target.kind === 'average') {
    return { ratio: averageMilli / target.milli, usage: { averageMilli } };
  }
  const requested = sum([...values.keys()].map((name) => requests.get(name) ?? 0));
  const utilization = requested === 0 ? 0 : Math.trunc((total * 100) / requested);
  return { ratio: utilization / target.percent, usage: { averageMilli, utilization } };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
