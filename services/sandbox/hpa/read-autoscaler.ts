import { at, listAt, numberAt, textAt } from '../behaviour/read.ts';
import type { KubeObject } from '../store/types.ts';
import type { MetricTarget, Tolerance } from './metric-replicas.ts';
import { milliOf } from './quantity.ts';
import { defaultDownRules, defaultUpRules } from './scaling-rules.ts';
import type { Policy, Rules } from './scaling-rules.ts';

export type ScaleTarget = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
};

export type MetricSpec =
  | {
      readonly kind: 'resource';
      readonly resource: string;
      /** One container of each pod; all of them when left out. */
      readonly container?: string;
      readonly target: MetricTarget;
    }
  | { readonly kind: 'pods'; readonly metric: string; readonly target: MetricTarget }
  | { readonly kind: 'unsupported'; readonly type: string };

export type Autoscaler = {
  readonly object: KubeObject;
  readonly target: ScaleTarget;
  readonly min: number;
  readonly max: number;
  readonly metrics: readonly MetricSpec[];
  readonly behavior?: { readonly up: Rules; readonly down: Rules };
  readonly tolerance: Partial<Tolerance>;
};

/** An HorizontalPodAutoscaler of `autoscaling/v2`, with Kubernetes' defaults for what it leaves out. */
export function readAutoscaler(object: KubeObject): Autoscaler {
  const behavior = at(object, 'spec', 'behavior');
  const metrics = listAt(object, 'spec', 'metrics').map(readMetric);
  return {
    object,
    target: {
      apiVersion: textAt(object, 'spec', 'scaleTargetRef', 'apiVersion') ?? '',
      kind: textAt(object, 'spec', 'scaleTargetRef', 'kind') ?? '',
      name: textAt(object, 'spec', 'scaleTargetRef', 'name') ?? '',
    },
    min: numberAt(object, 'spec', 'minReplicas') ?? 1,
    max: numberAt(object, 'spec', 'maxReplicas') ?? 1,
    metrics: metrics.length === 0 ? [cpuAt80] : metrics,
    ...(behavior !== undefined && {
      behavior: {
        up: readRules(at(behavior, 'scaleUp'), defaultUpRules),
        down: readRules(at(behavior, 'scaleDown'), defaultDownRules),
      },
    }),
    tolerance: { ...toleranceAt(behavior, 'up'), ...toleranceAt(behavior, 'down') },
  };
}

const cpuAt80: MetricSpec = {
  kind: 'resource',
  resource: 'cpu',
  target: { kind: 'utilization', percent: 80 },
};

function readMetric(metric: unknown): MetricSpec {
  const type = textAt(metric, 'type') ?? '';
  const field = type === 'ContainerResource' ? 'containerResource' : type.toLowerCase();
  const source = at(metric, field);
  const target = readTarget(at(source, 'target'));
  const unsupported: MetricSpec = { kind: 'unsupported', type };
  if (target === undefined) return unsupported;
  switch (type) {
    case 'Resource':
    case 'ContainerResource': {
      const [resource, container] = [textAt(source, 'name'), textAt(source, 'container')];
      if (resource === undefined) return unsupported;
      return { kind: 'resource', resource, ...(container !== undefined && { container }), target };
    }
    case 'Pods': {
      const name = textAt(source, 'metric', 'name');
      return name === undefined ? unsupported : { kind: 'pods', metric: name, target };
    }
    default:
      return unsupported;
  }
}

function readTarget(target: unknown): MetricTarget | undefined {
  const percent = numberAt(target, 'averageUtilization');
  if (percent !== undefined && percent > 0) return { kind: 'utilization', percent };
  const milli = milliOf(at(target, 'averageValue'));
  return milli === undefined || milli <= 0 ? undefined : { kind: 'average', milli };
}

function readRules(rules: unknown, defaults: Rules): Rules {
  const seconds = numberAt(rules, 'stabilizationWindowSeconds');
  const select = textAt(rules, 'selectPolicy');
  const policies = listAt(rules, 'policies').flatMap(readPolicy);
  const windowMs = seconds === undefined ? defaults.windowMs : seconds * 1000;
  return {
    ...(windowMs !== undefined && { windowMs }),
    select: select === 'Min' || select === 'Disabled' ? select : 'Max',
    policies: policies.length === 0 ? defaults.policies : policies,
  };
}

function readPolicy(policy: unknown): readonly Policy[] {
  const type = textAt(policy, 'type');
  const [value, seconds] = [numberAt(policy, 'value'), numberAt(policy, 'periodSeconds')];
  if (value === undefined || seconds === undefined) return [];
  if (type !== 'Pods' && type !== 'Percent') return [];
  return [{ type, value, periodMs: seconds * 1000 }];
}

function toleranceAt(behavior: unknown, direction: 'up' | 'down'): Partial<Tolerance> {
  const rules = direction === 'up' ? 'scaleUp' : 'scaleDown';
  const milli = milliOf(at(behavior, rules, 'tolerance'));
  return milli === undefined ? {} : { [direction]: milli / 1000 };
}
