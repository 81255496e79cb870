import {
  always,
  atomic,
  int32,
  int64,
  intOrText,
  keyedListOf,
  kindShape,
  listOf,
  oneOf,
  shape,
  text,
  withDefault,
} from './shapes.ts';
import { condition, labelSelector, nullableTime } from './shared-schemas.ts';

/* HorizontalPodAutoscaler in its two versions; objects are kept as v2. */

const reference = shape({ apiVersion: text, kind: text, name: text }, ['kind', 'name']);
const target = always(reference);

const metricTarget = shape(
  { type: text, value: intOrText, averageValue: intOrText, averageUtilization: int32 },
  ['type'],
);

const identifier = shape({ name: text, selector: labelSelector }, ['name']);

const metric = shape(
  {
    type: oneOf('ContainerResource', 'External', 'Object', 'Pods', 'Resource'),
    resource: shape({ name: text, target: metricTarget }, ['name', 'target']),
    containerResource: shape({ name: text, container: text, target: metricTarget }, [
      'name',
      'container',
      'target',
    ]),
    pods: shape({ metric: identifier, target: metricTarget }, ['metric', 'target']),
    object: shape({ describedObject: target, metric: identifier, target: metricTarget }, [
      'describedObject',
      'metric',
      'target',
    ]),
    external: shape({ metric: identifier, target: metricTarget }, ['metric', 'target']),
  },
  ['type'],
);

const current = shape({ value: intOrText, averageValue: intOrText, averageUtilization: int32 });

const currentMetric = shape(
  {
    type: text,
    resource: shape({ name: text, current }),
    containerResource: shape({ name: text, container: text, current }),
    pods: shape({ metric: identifier, current }),
    object: shape({ describedObject: target, metric: identifier, current }),
    external: shape({ metric: identifier, current }),
  },
  ['type'],
);

const scalingRules = shape({
  stabilizationWindowSeconds: int32,
  selectPolicy: oneOf('Max', 'Min', 'Disabled'),
  tolerance: intOrText,
  policies: listOf(
    shape({ type: oneOf('Pods', 'Percent'), value: int32, periodSeconds: int32 }, [
      'type',
      'value',
      'periodSeconds',
    ]),
  ),
});

export const autoscalerSchema = kindShape({
  spec: always(
    shape(
      {
        scaleTargetRef: target,
        minReplicas: withDefault(int32, 1),
        maxReplicas: int32,
        metrics: listOf(metric),
        behavior: shape({ scaleUp: scalingRules, scaleDown: scalingRules }),
      },
      ['scaleTargetRef', 'maxReplicas'],
    ),
  ),
  status: always(
    shape({
      observedGeneration: int64,
      lastScaleTime: nullableTime,
      currentReplicas: int32,
      desiredReplicas: int32,
      currentMetrics: { ...listOf(currentMetric), nullable: true },
      conditions: keyedListOf(condition, 'type'),
    }),
  ),
});

export const autoscalerV1Schema = kindShape({
  spec: always(
    shape(
      {
        scaleTargetRef: atomic(reference),
        minReplicas: withDefault(int32, 1),
        maxReplicas: int32,
        targetCPUUtilizationPercentage: int32,
      },
      ['scaleTargetRef', 'maxReplicas'],
    ),
  ),
  status: always(
    shape({
      observedGeneration: int64,
      lastScaleTime: nullableTime,
      currentReplicas: int32,
      desiredReplicas: int32,
      currentCPUUtilizationPercentage: int32,
    }),
  ),
});
