import { describe, expect, it } from 'vitest';

import { metricReplicas } from './metric-replicas.ts';
import type { Measurement, PodState, Sample } from './metric-replicas.ts';

const nowMs = 10_000_000;
const steady = { status: 'True', changedAtMs: nowMs - 600_000 };

type Given = {
  /** Usage of each pod in thousandths; undefined: not measured. */
  readonly usage: readonly (number | undefined)[];
  readonly request?: number;
  readonly current?: number;
  readonly target?: Measurement['target'];
  readonly isCpu?: boolean;
  /** What is special about a pod, by its number. */
  readonly pods?: Readonly<Record<number, Partial<PodState>>>;
  readonly tolerance?: Measurement['tolerance'];
};

function asked({ usage, request = 100, pods = {}, ...given }: Given): Measurement {
  const samples = new Map<string, Sample>();
  usage.forEach((milli, index) => {
    if (milli !== undefined) samples.set(`p${index}`, { milli, atMs: nowMs, windowMs: 5_000 });
  });
  return {
    nowMs,
    currentReplicas: given.current ?? usage.length,
    isCpu: given.isCpu ?? true,
    target: given.target ?? { kind: 'utilization', percent: 50 },
    tolerance: given.tolerance ?? { up: 0.1, down: 0.1 },
    samples,
    pods: usage.map((_, index) => ({
      name: `p${index}`,
      phase: 'Running',
      deleting: false,
      startedAtMs: nowMs - 700_000,
      ready: steady,
      requestMilli: request,
      ...pods[index],
    })),
  };
}

const average = { kind: 'average', milli: 50 } as const;
const pending = { phase: 'Pending' };
const justReady = {
  startedAtMs: nowMs - 9_000,
  ready: { status: 'True', changedAtMs: nowMs - 2_000 },
};
const down = {
  startedAtMs: nowMs - 60_000,
  ready: { status: 'False', changedAtMs: nowMs - 60_000 },
};
const lately = { status: 'False', changedAtMs: nowMs - 1_000 };

describe('one metric asks for', () => {
  it.each<readonly [string, Given, number]>([
    ['more in proportion to its excess', { usage: [100, 100, 100] }, 6],
    ['a whole replica for a part of one', { usage: [60, 60, 60] }, 4],
    ['fewer when there is too little to do', { usage: [10, 10, 10, 10] }, 1],
    ['no change within a tenth above', { usage: [55, 55, 55] }, 3],
    ['no change within a tenth below', { usage: [45, 45, 45] }, 3],
    ['a change beyond a tenth', { usage: [56, 56, 56] }, 4],
    ['no change within its own tolerance', { usage: [70, 70], tolerance: { up: 0.5, down: 0 } }, 2],
    ['no more for uneven load that is right on average', { usage: [0, 100] }, 2],
    ['size by the average value', { usage: [100, 100], target: average }, 4],
    [
      'its own number where the value is one for each replica',
      { usage: [50, 50], target: average },
      2,
    ],
    [
      'less than linear while a pod starts',
      { usage: [200, 200, undefined], pods: { 2: pending } },
      8,
    ],
    [
      'no change when starting pods would suffice',
      { usage: [60, undefined], pods: { 1: pending } },
      2,
    ],
    [
      'more although a fresh pod is busy with itself',
      { usage: [200, 900], pods: { 1: justReady } },
      4,
    ],
    ['nothing of a pod that never was ready', { usage: [200, 900], pods: { 1: down } }, 4],
    [
      'a count of pods that lost readiness later',
      { usage: [100, 100], pods: { 1: { ready: lately } } },
      4,
    ],
    [
      'counts fresh pods where it is not CPU',
      { usage: [100, 100], pods: { 1: justReady }, isCpu: false },
      4,
    ],
    ['idle for a pod nobody measured when it grows', { usage: [100, undefined] }, 2],
    ['full use of a pod nobody measured when it shrinks', { usage: [10, 10, undefined] }, 3],
    ['at least what is left without the unmeasured', { usage: [10, 10, 10, 10, undefined] }, 3],
    ['only pods that stay', { usage: [100, 100, 0], pods: { 2: { deleting: true } } }, 4],
    ['only pods that did not fail', { usage: [100, 100, 0], pods: { 2: { phase: 'Failed' } } }, 4],
  ])('%s', (_, given, replicas) => {
    expect(metricReplicas(asked(given))).toMatchObject({ kind: 'replicas', replicas });
  });

  it('tells what is used on average, and what part of the requests that is', () => {
    expect(metricReplicas(asked({ usage: [100, 101] }))).toMatchObject({
      usage: { averageMilli: 100, utilization: 100 },
    });
    expect(metricReplicas(asked({ usage: [100, 101], target: average }))).toMatchObject({
      usage: { averageMilli: 100 },
    });
  });
});

describe('nothing is known', () => {
  it.each<readonly [string, Given, string]>([
    ['without pods', { usage: [] }, 'no pods returned by selector'],
    ['without any value', { usage: [undefined] }, 'did not receive metrics'],
    [
      'when only starting pods are measured',
      { usage: [9], pods: { 0: justReady } },
      'did not receive',
    ],
  ])('%s', (_, given, why) => {
    const answer = metricReplicas(asked({ ...given, current: 3 }));
    expect(answer).toMatchObject({ kind: 'unknown', why: expect.stringContaining(why) });
  });

  it('of a share of requests when a pod requests nothing', () => {
    const measurement = asked({ usage: [100] });
    const [pod] = measurement.pods;
    const { requestMilli: _, ...silent } = pod ?? { name: '', phase: '', deleting: false };
    expect(metricReplicas({ ...measurement, pods: [silent] })).toMatchObject({ kind: 'unknown' });
  });
});
