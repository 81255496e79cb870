import { describe, expect, it } from 'vitest';

import {
  boundedReplicas,
  defaultDownRules,
  defaultUpRules,
  rememberScale,
} from './scaling-rules.ts';
import type { Memory, Rules, Wish } from './scaling-rules.ts';

const nowMs = 10_000_000;
const nothing: Memory = { recommendations: [], ups: [], downs: [] };

function aWish(wish: Partial<Wish>): Wish {
  return { nowMs, current: 3, desired: 3, min: 1, max: 100, downscaleWindowMs: 300_000, ...wish };
}

function ago(seconds: number): number {
  return nowMs - seconds * 1000;
}

function by(up: Partial<Rules>, down: Partial<Rules> = {}) {
  return { up: { ...defaultUpRules, ...up }, down: { ...defaultDownRules, ...down } };
}

describe('without rules of its own an autoscaler', () => {
  it.each([
    ['grows to at most twice the size', { desired: 50 }, 6, 'ScaleUpLimit'],
    ['grows from one to four at once', { current: 1, desired: 50 }, 4, 'ScaleUpLimit'],
    ['stops at its maximum', { desired: 50, max: 5 }, 5, 'TooManyReplicas'],
    ['stops at its minimum', { desired: 0, min: 2 }, 2, 'TooFewReplicas'],
    ['does what is asked within that', { desired: 5 }, 5, 'DesiredWithinRange'],
  ])('%s', (_, wish, replicas, reason) => {
    const bounded = boundedReplicas(aWish(wish), nothing);
    expect(bounded).toMatchObject({ replicas, limited: { reason } });
    expect(bounded.limited.holds).toBe(reason !== 'DesiredWithinRange');
  });

  it('shrinks only to the largest wish of the last five minutes', () => {
    const memory = {
      ...nothing,
      recommendations: [
        { replicas: 9, atMs: ago(301) },
        { replicas: 5, atMs: ago(299) },
        { replicas: 2, atMs: ago(10) },
      ],
    };
    expect(boundedReplicas(aWish({ current: 9, desired: 1 }), memory)).toMatchObject({
      replicas: 5,
      stabilised: { reason: 'ScaleDownStabilized' },
      recommendations: [{ replicas: 5 }, { replicas: 2 }, { replicas: 1 }],
    });
  });
});

describe('rules for growing', () => {
  it.each<readonly [string, Partial<Rules>, number]>([
    ['by default allow the double in a quarter minute', {}, 20],
    ['take the largest of several', { policies: [pods(2), percent(50)] }, 15],
    ['take the smallest when told to', { select: 'Min', policies: [pods(2), percent(50)] }, 12],
    ['may forbid it', { select: 'Disabled' }, 10],
  ])('%s', (_, up, replicas) => {
    const wish = aWish({ current: 10, desired: 90, behavior: by(up) });
    expect(boundedReplicas(wish, nothing).replicas).toBe(replicas);
  });

  it('count what was added and taken within their period', () => {
    const up = { policies: [pods(3, 60)] };
    const memory = {
      ...nothing,
      ups: [
        { by: 2, atMs: ago(30) },
        { by: 7, atMs: ago(61) },
      ],
      downs: [{ by: 1, atMs: ago(20) }],
    };
    const wish = aWish({ current: 10, desired: 90, behavior: by(up) });
    expect(boundedReplicas(wish, memory).replicas).toBe(12);
  });

  it('never shrink a target that grew faster than they allow', () => {
    const memory = { ...nothing, ups: [{ by: 8, atMs: ago(30) }] };
    const wish = aWish({ current: 10, desired: 90, behavior: by({ policies: [pods(3, 60)] }) });
    expect(boundedReplicas(wish, memory).replicas).toBe(10);
  });

  it('wait for the smallest wish within their window', () => {
    const memory = { ...nothing, recommendations: [{ replicas: 4, atMs: ago(20) }] };
    const wish = aWish({ current: 3, desired: 9, behavior: by({ windowMs: 30_000 }) });
    expect(boundedReplicas(wish, memory)).toMatchObject({
      replicas: 4,
      stabilised: { reason: 'ScaleUpStabilized' },
    });
  });
});

describe('rules for shrinking', () => {
  it.each<readonly [string, Partial<Rules>, number]>([
    ['by default allow everything', {}, 1],
    ['take the largest change of several', { policies: [pods(2), percent(50)] }, 5],
    ['take the smallest when told to', { select: 'Min', policies: [pods(2), percent(50)] }, 8],
    ['round a part of a replica away', { policies: [percent(25)] }, 7],
    ['may forbid it', { select: 'Disabled' }, 10],
  ])('%s', (_, down, replicas) => {
    const behavior = by({}, { windowMs: 0, ...down });
    const bounded = boundedReplicas(aWish({ current: 10, desired: 1, behavior }), nothing);
    expect(bounded.replicas).toBe(replicas);
  });

  it('count what was taken within their period', () => {
    const behavior = by({}, { windowMs: 0, policies: [pods(4, 60)] });
    const memory = { ...nothing, downs: [{ by: 3, atMs: ago(59) }] };
    const wish = aWish({ current: 10, desired: 1, behavior });
    expect(boundedReplicas(wish, memory).replicas).toBe(9);
  });

  it('keep to their own window and else to the autoscaler’s', () => {
    const memory = { ...nothing, recommendations: [{ replicas: 8, atMs: ago(100) }] };
    const wish = { current: 10, desired: 1 };
    const own = by({}, { windowMs: 60_000 });
    expect(boundedReplicas(aWish({ ...wish, behavior: own }), memory).replicas).toBe(1);
    expect(boundedReplicas(aWish({ ...wish, behavior: by({}) }), memory).replicas).toBe(8);
  });
});

it('remembers changes by their direction, and not for ever', () => {
  const first = rememberScale(nothing, { from: 3, to: 5, atMs: 0 });
  const second = rememberScale(first, { from: 5, to: 4, atMs: 10 });
  expect(second).toMatchObject({ ups: [{ by: 2, atMs: 0 }], downs: [{ by: 1, atMs: 10 }] });
  expect(rememberScale(second, { from: 4, to: 5, atMs: 3_600_000 }).ups).toHaveLength(1);
});

function pods(value: number, seconds = 15) {
  return { type: 'Pods', value, periodMs: seconds * 1000 } as const;
}

function percent(value: number) {
  return { type: 'Percent', value, periodMs: 15_000 } as const;
}
