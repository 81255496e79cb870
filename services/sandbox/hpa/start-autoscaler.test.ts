import { describe, expect, it } from 'vitest';

import { at, listAt } from '../behaviour/read.ts';
import { createMeasures } from '../metrics-api/measures.ts';
import type { StoreAnswer, StoreRequest } from '../store/types.ts';
import { startAutoscaler } from './start-autoscaler.ts';
import { aSizedWorld } from './testing/sized-world.ts';
import type { SizedWorld } from './testing/sized-world.ts';

const cpu = 'sandbox.rollcall.dev/cpu';
const intervalMs = 5_000;

type Wrote = (request: StoreRequest, answer: StoreAnswer) => void;

function start({ world }: SizedWorld, wrote?: Wrote): () => void {
  const { store, clock } = world;
  const measures = createMeasures(store, clock);
  const settings = { intervalMs, downscaleWindowMs: 60_000 };
  return startAutoscaler({ store, clock, measures, ...settings, ...(wrote && { wrote }) });
}

/** Lets some intervals pass, each followed by what Rollcall would do. */
function turns(sized: SizedWorld, count: number): void {
  for (let turn = 0; turn < count; turn += 1) {
    sized.world.pass(intervalMs);
    sized.reconcile();
  }
}

function conditions(sized: SizedWorld): Readonly<Record<string, string>> {
  const list = listAt(sized.autoscaler(), 'status', 'conditions');
  return Object.fromEntries(
    list.map((one) => [
      String(at(one, 'type')),
      `${String(at(one, 'status'))} ${String(at(one, 'reason'))}`,
    ]),
  );
}

describe('an autoscaler on CPU', () => {
  it('grows a busy pool to its maximum and tells each step', () => {
    const sized = aSizedWorld(3);
    start(sized);
    sized.autoscale({ minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 50 }, 'v1');
    turns(sized, 3);
    expect(sized.poolSize()).toBe(3);
    sized.annotatePool({ [cpu]: '800m' });
    turns(sized, 6);
    expect(sized.poolSize()).toBe(10);
    expect(sized.eventTexts()).toEqual([
      'SuccessfulRescale: New size: 6; reason: cpu resource utilization (percentage of request) above target',
      'SuccessfulRescale: New size: 10; reason: cpu resource utilization (percentage of request) above target',
    ]);
    expect(sized.managersOfPool()).toContain('kube-controller-manager');
    expect(sized.autoscaler()).toMatchObject({
      status: {
        currentReplicas: 10,
        desiredReplicas: 10,
        lastScaleTime: expect.any(String),
        currentMetrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', current: { averageUtilization: 800, averageValue: '800m' } },
          },
        ],
      },
    });
    expect(conditions(sized)).toEqual({
      AbleToScale: 'True ReadyForNewScale',
      ScalingActive: 'True ValidMetricFound',
      ScalingLimited: 'True TooManyReplicas',
    });
  });

  it('settles where a load that all share is at the target', () => {
    const sized = aSizedWorld(2);
    start(sized);
    sized.autoscale({ minReplicas: 1, maxReplicas: 20, targetCPUUtilizationPercentage: 50 }, 'v1');
    sized.annotatePool({ 'sandbox.rollcall.dev/total-cpu': '400m' });
    turns(sized, 20);
    expect(sized.poolSize()).toBe(8);
  });

  it('shrinks an idle pool only after its window', () => {
    const sized = aSizedWorld(6);
    start(sized);
    sized.autoscale({ minReplicas: 2, maxReplicas: 10, targetCPUUtilizationPercentage: 50 }, 'v1');
    turns(sized, 5);
    expect(sized.poolSize()).toBe(6);
    expect(conditions(sized)['AbleToScale']).toBe('True ScaleDownStabilized');
    turns(sized, 12);
    expect(sized.poolSize()).toBe(2);
    expect(sized.eventTexts()).toEqual([
      'SuccessfulRescale: New size: 2; reason: All metrics below target',
    ]);
  });

  it('keeps a pool between its bounds whatever the load', () => {
    const sized = aSizedWorld(1);
    start(sized);
    sized.autoscale({ minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 50 }, 'v1');
    turns(sized, 1);
    expect(sized.poolSize()).toBe(3);
    expect(sized.eventTexts()).toEqual([
      'SuccessfulRescale: New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    ]);
  });

  it('leaves a pool of none alone', () => {
    const sized = aSizedWorld(0);
    start(sized);
    sized.autoscale({ minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 50 }, 'v1');
    turns(sized, 3);
    expect(sized.poolSize()).toBe(0);
    expect(conditions(sized)['ScalingActive']).toBe('False ScalingDisabled');
  });

  it('writes nothing once all is said', () => {
    const sized = aSizedWorld(3);
    start(sized);
    sized.autoscale({ minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 50 }, 'v1');
    // By then the wishes of the beginning bear on nothing any more.
    sized.world.pass(120_000);
    const { resourceVersion } = sized.world.store;
    sized.world.pass(60_000);
    expect(sized.world.store.resourceVersion).toBe(resourceVersion);
  });
});

describe('an autoscaler of several metrics', () => {
  it('follows the one that asks for the most', () => {
    const sized = aSizedWorld(2);
    start(sized);
    sized.autoscale({
      minReplicas: 1,
      maxReplicas: 20,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '6Gi' } },
        },
        {
          type: 'Pods',
          pods: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } },
        },
      ],
    });
    sized.annotatePool({ 'sandbox.rollcall.dev/metric.queue': '20' });
    turns(sized, 1);
    expect(sized.poolSize()).toBe(4);
    expect(sized.eventTexts()).toEqual([
      'SuccessfulRescale: New size: 4; reason: pods metric queue above target',
    ]);
  });

  it('grows but does not shrink while one of them cannot be read', () => {
    const sized = aSizedWorld(4);
    start(sized);
    sized.autoscale({
      minReplicas: 1,
      maxReplicas: 20,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
        {
          type: 'Pods',
          pods: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } },
        },
      ],
    });
    turns(sized, 30);
    expect(sized.poolSize()).toBe(4);
    expect(conditions(sized)['ScalingActive']).toBe('False FailedGetPodsMetric');
    sized.annotatePool({ [cpu]: '100m' });
    turns(sized, 1);
    expect(sized.poolSize()).toBe(8);
  });
});

it('follows the rules that an autoscaler brings', () => {
  const sized = aSizedWorld(3);
  start(sized);
  sized.autoscale({
    minReplicas: 2,
    maxReplicas: 20,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 75 } },
      },
    ],
    behavior: {
      scaleUp: { policies: [{ type: 'Pods', value: 3, periodSeconds: 60 }] },
    },
  });
  sized.annotatePool({ [cpu]: '2' });
  turns(sized, 4);
  expect(sized.poolSize()).toBe(6);
  expect(conditions(sized)['ScalingLimited']).toBe('True ScaleUpLimit');
  turns(sized, 12);
  expect(sized.poolSize()).toBe(9);
});

it('says what is wrong with a target that is not there, once', () => {
  const sized = aSizedWorld(1);
  start(sized);
  const scaleTargetRef = {
    apiVersion: 'pool.kubevirt.io/v1alpha1',
    kind: 'VirtualMachinePool',
    name: 'x',
  };
  sized.autoscale({ scaleTargetRef, maxReplicas: 3 });
  turns(sized, 5);
  expect(conditions(sized)).toEqual({ AbleToScale: 'False FailedGetScale' });
  expect(sized.eventTexts()).toEqual([
    'FailedGetScale: virtualmachinepools.pool.kubevirt.io "x" not found',
  ]);
});

it('lets a target that comes after it keep its size for the window', () => {
  const sized = aSizedWorld(3);
  start(sized);
  const scaleTargetRef = {
    apiVersion: 'pool.kubevirt.io/v1alpha1',
    kind: 'VirtualMachinePool',
    name: 'late',
  };
  sized.autoscale({ scaleTargetRef, maxReplicas: 9, targetCPUUtilizationPercentage: 50 }, 'v1');
  turns(sized, 2);
  sized.createPool('late', 5);
  turns(sized, 5);
  expect(sized.poolSize('late')).toBe(5);
  turns(sized, 12);
  expect(sized.poolSize('late')).toBe(1);
});

it('writes sizes under the name of the controller, for the audit log to see', () => {
  const sized = aSizedWorld(1);
  const told: unknown[] = [];
  start(sized, ({ caller, verb }, { code }) => void told.push([caller.user, verb, code]));
  sized.autoscale({ minReplicas: 2, maxReplicas: 3 });
  turns(sized, 2);
  const user = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
  expect(told).toEqual([[user, 'update', 200]]);
});

it('stops when it is told to', () => {
  const sized = aSizedWorld(1);
  const stop = start(sized);
  sized.autoscale({ minReplicas: 2, maxReplicas: 3 });
  stop();
  turns(sized, 3);
  expect(sized.poolSize()).toBe(1);
});
