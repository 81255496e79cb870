import {
  atomic,
  keyedListOf,
  int64,
  intOrText,
  listOf,
  mapOf,
  shape,
  text,
  time,
} from './shapes.ts';

/* Types that many kinds of Kubernetes hold. */

export const nullableTime = { ...time, nullable: true };

export const condition = shape({
  type: text,
  status: text,
  reason: text,
  message: text,
  lastTransitionTime: nullableTime,
  lastUpdateTime: nullableTime,
  lastHeartbeatTime: nullableTime,
  lastProbeTime: nullableTime,
  observedGeneration: int64,
});

export const conditions = keyedListOf(condition, 'type');

export const objectReference = atomic(
  shape({
    apiVersion: text,
    kind: text,
    namespace: text,
    name: text,
    uid: text,
    resourceVersion: text,
    fieldPath: text,
  }),
);

export const typedReference = atomic(
  shape({ apiGroup: text, kind: text, name: text, namespace: text }),
);

export const labelSelector = atomic(
  shape({
    matchLabels: mapOf(text),
    matchExpressions: listOf(
      shape({ key: text, operator: text, values: listOf(text) }, ['key', 'operator']),
    ),
  }),
);

export const quantities = mapOf(intOrText);
