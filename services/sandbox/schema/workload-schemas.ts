import {
  always,
  anything,
  flag,
  int32,
  int64,
  intOrText,
  keyedListOf,
  kindShape,
  listOf,
  open,
  setOf,
  shape,
  text,
  withDefault,
} from './shapes.ts';
import { podTemplate } from './pod-schemas.ts';
import { conditions, labelSelector, nullableTime, quantities } from './shared-schemas.ts';

/* What makes pods, and where they run. */

/** The defaults of a Deployment are those of a real cluster: a quarter may be away or too many. */
export const deploymentSchema = kindShape({
  spec: always(
    shape(
      {
        replicas: withDefault(int32, 1),
        selector: labelSelector,
        template: always(podTemplate),
        strategy: withDefault(
          shape({
            type: text,
            rollingUpdate: shape({ maxSurge: intOrText, maxUnavailable: intOrText }),
          }),
          { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        ),
        minReadySeconds: int32,
        paused: flag,
        progressDeadlineSeconds: withDefault(int32, 600),
        revisionHistoryLimit: withDefault(int32, 10),
      },
      ['selector', 'template'],
    ),
  ),
  status: always(
    shape({
      availableReplicas: int32,
      collisionCount: int32,
      conditions,
      observedGeneration: int64,
      readyReplicas: int32,
      replicas: int32,
      terminatingReplicas: int32,
      unavailableReplicas: int32,
      updatedReplicas: int32,
    }),
  ),
});

export const nodeSchema = kindShape({
  spec: always(
    shape({
      configSource: open,
      externalID: text,
      podCIDR: text,
      podCIDRs: setOf(text),
      providerID: text,
      taints: listOf(
        shape({ key: text, value: text, effect: text, timeAdded: nullableTime }, ['key', 'effect']),
      ),
      unschedulable: flag,
    }),
  ),
  status: always(
    shape({
      addresses: keyedListOf(shape({ type: text, address: text }, ['type', 'address']), 'type'),
      allocatable: quantities,
      capacity: quantities,
      conditions,
      config: open,
      daemonEndpoints: open,
      declaredFeatures: listOf(text),
      features: open,
      images: listOf(open),
      nodeInfo: open,
      phase: text,
      runtimeHandlers: listOf(open),
      volumesAttached: listOf(anything),
      volumesInUse: listOf(text),
    }),
  ),
});
