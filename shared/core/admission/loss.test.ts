import { describe, expect, test } from 'vitest';
import { lossOf } from './loss.ts';
import type { LossRequest } from './loss.ts';
import { lossWarnings } from './loss-warnings.ts';
import type { MachineAtRisk } from './loss-warnings.ts';

type Fields = Readonly<Record<string, unknown>>;

function sized(replicas: number | undefined, more: Fields = {}, metadata: Fields = {}): Fields {
  return { metadata, spec: { ...(replicas === undefined ? {} : { replicas }), ...more } };
}

function scaling(from: unknown, to: unknown, more: Partial<LossRequest> = {}): LossRequest {
  return {
    operation: 'UPDATE',
    of: 'pool',
    oldObject: from,
    object: to,
    pool: to,
    options: undefined,
    kubevirtControllers: 'off',
    ...more,
  };
}

describe('what a write costs', () => {
  test('growing costs nothing, nor does a change of something else', () => {
    expect(lossOf(scaling(sized(2), sized(3)))).toEqual({ type: 'none' });
    expect(lossOf(scaling(sized(2), sized(2, { paused: true })))).toEqual({ type: 'none' });
    expect(lossOf(scaling(sized(undefined), sized(1)))).toEqual({ type: 'none' });
  });

  test('without replicas a pool wants one machine, and a Scale none', () => {
    expect(lossOf(scaling(sized(3), sized(undefined)))).toMatchObject({ to: 1 });
    expect(lossOf(scaling(sized(3), sized(undefined), { of: 'scale' }))).toMatchObject({ to: 0 });
  });

  test('the highest ordinals go where nothing is set, and KubeVirt picks at random', () => {
    expect(lossOf(scaling(sized(3), sized(1)))).toMatchObject({ order: 'DescendingOrder' });
    const theirs = { kubevirtControllers: 'running' } as const;
    expect(lossOf(scaling(sized(3), sized(1), theirs))).toMatchObject({ order: undefined });
    const paused = sized(1, { paused: true });
    expect(lossOf(scaling(sized(3), paused, theirs))).toMatchObject({ order: 'DescendingOrder' });
  });

  test.each<readonly [Fields, string | undefined]>([
    [{ sortPolicy: 'Oldest' }, 'Oldest'],
    [{ sortPolicy: 'Random' }, undefined],
    [{ sortPolicy: 'Oldest', selectors: { labelSelector: {} } }, undefined],
  ])('a policy %j is followed', (selectionPolicy, order) => {
    const to = sized(1, { scaleInStrategy: { proactive: { selectionPolicy } } });
    expect(lossOf(scaling(sized(3), to))).toMatchObject({ type: 'scale-in', order });
  });

  test.each(['unmanaged', 'opportunistic'])('an %s pool removes nobody', (strategy) => {
    const to = sized(1, { scaleInStrategy: { [strategy]: {} } });
    const loss = lossOf(scaling(sized(3), to));
    expect(loss).toEqual({ type: 'stays', strategy });
    expect(lossWarnings(loss, { machines: undefined, kubevirtControllers: 'off' })).toHaveLength(1);
  });

  test('disks that are kept are not lost, and the strategy goes before the annotation', () => {
    const keep = { annotations: { 'rollcall.dev/scale-in-disks': 'keep' } };
    const preserving = (statePreservation: string) => ({
      scaleInStrategy: { proactive: { statePreservation } },
    });
    expect(lossOf(scaling(sized(3), sized(1, {}, keep)))).toEqual({ type: 'none' });
    expect(lossOf(scaling(sized(3), sized(1, preserving('Offline'))))).toEqual({ type: 'none' });
    const both = sized(1, preserving('Disabled'), keep);
    expect(lossOf(scaling(sized(3), both))).toMatchObject({ type: 'scale-in' });
  });

  test('deleting costs all, unless the machines are let go', () => {
    const deleting = (options: unknown) =>
      lossOf(scaling(sized(3), undefined, { operation: 'DELETE', options }));
    expect(deleting({})).toEqual({ type: 'retire' });
    expect(deleting(undefined)).toEqual({ type: 'retire' });
    expect(deleting({ propagationPolicy: 'Orphan' })).toEqual({ type: 'none' });
    expect(deleting({ orphanDependents: true })).toEqual({ type: 'none' });
  });
});

function machines(count: number, disks = true): readonly MachineAtRisk[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    name: `web-${ordinal}`,
    ordinal,
    // The older ones have the higher numbers.
    createdAtMs: 1_000 - ordinal,
    disks: disks ? [{ name: `data-${ordinal}`, size: '1Gi' }] : [],
  }));
}

const off = { kubevirtControllers: 'off' } as const;
const loss = {
  type: 'scale-in',
  from: 12,
  to: 10,
  order: 'DescendingOrder',
  isKnown: true,
} as const;

describe('the warning', () => {
  test('names machines by number and not by text', () => {
    const [first, second] = lossWarnings(loss, { machines: machines(12), ...off });
    expect(first).toBe(
      'scaling in from 12 to 10 deletes web-11, web-10, and all that is on these 2 disks',
    );
    expect(second).toBe('data-11 (1Gi), data-10 (1Gi)');
  });

  test('counts what is too much to be named, and fits what a client shows', () => {
    const all = { ...loss, to: 0 };
    const warnings = lossWarnings(all, { machines: machines(1_000), ...off });
    expect(warnings[0]).toContain('web-995 and 995 more');
    expect(warnings.every((text) => text.length <= 256)).toBe(true);
  });

  test.each<readonly ['AscendingOrder' | 'Newest' | 'Oldest', string]>([
    ['AscendingOrder', 'web-0'],
    ['Newest', 'web-0'],
    ['Oldest', 'web-2'],
  ])('follows the order %s', (order, name) => {
    const one = { ...loss, from: 3, to: 2, order };
    expect(lossWarnings(one, { machines: machines(3), ...off })[0]).toContain(`deletes ${name},`);
  });

  test('says nothing where no disk goes', () => {
    expect(lossWarnings(loss, { machines: machines(12, false), ...off })).toEqual([]);
    expect(lossWarnings(loss, { machines: machines(10), ...off })).toEqual([]);
    expect(lossWarnings({ type: 'retire' }, { machines: [], ...off })).toEqual([]);
  });

  test('is general where nobody can tell', () => {
    const unknown = { machines: undefined, ...off };
    expect(lossWarnings(loss, unknown)[0]).toBe(
      'scaling in from 12 to 10 deletes machines, and with them the disks made for them',
    );
    expect(lossWarnings({ ...loss, isKnown: false }, unknown)[0]).toContain(
      'unless the pool keeps disks',
    );
    expect(lossWarnings({ type: 'retire' }, unknown)).toHaveLength(2);
  });

  test('leaves open who goes where that is drawn', () => {
    const drawn = { ...loss, order: undefined };
    expect(lossWarnings(drawn, { machines: machines(12), ...off })[0]).toBe(
      'scaling in from 12 to 10 deletes 2 of 12 machines, which cannot be told beforehand, and all that is on their disks',
    );
  });

  test('says that KubeVirt does not wait for the book', () => {
    const theirs = { machines: machines(2), kubevirtControllers: 'running' } as const;
    expect(lossWarnings({ type: 'retire' }, theirs).at(-1)).toBe(
      'KubeVirt deletes them at once, also where the pool is paused',
    );
  });
});
