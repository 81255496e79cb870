import { expect, test } from 'vitest';
import type { Pool } from '#shared/contract/objects.ts';
import { recordSchema } from '#shared/contract/records.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { aPool, began, gone, poolRef, sawVm, seen } from '#test/integration/book-story.ts';
import { foldStory as fold } from './testing/fold-story.ts';

const threeVms = [sawVm('web-0'), sawVm('web-1'), sawVm('web-2')];

test('what was changed and changed back unseen is told, and once', () => {
  const at = (generation: number, given: Parameters<typeof aPool>[1] = {}, replicas = 3) => {
    const pool = aPool(replicas, given);
    return seen({ ...pool, meta: { ...pool.meta, generation } });
  };
  const edits = (...records: readonly LogRecord[]) =>
    fold(...records)
      .entries.filter(({ kind }) => kind === 'set-changed')
      .map(({ body }): unknown => JSON.parse(body));
  expect(edits(at(1), at(3), at(3))).toMatchObject([
    {
      changes: [],
      missed: 1,
      gap: true,
      generation: 3,
      how: expect.stringContaining('changed back'),
    },
  ]);
  expect(edits(at(1), at(4, { deleting: true }))).toMatchObject([{ changes: [], missed: 2 }]);
  expect(edits(at(1), at(3, { paused: true }))).toMatchObject([
    { changes: [{ what: 'paused' }], missed: 1 },
  ]);
  expect(edits(at(1), at(2))).toEqual([]);
  expect(edits(at(1), at(2, { deleting: true }))).toEqual([]);
  // The size tells it.
  expect(edits(at(1), at(4, {}, 5))).toEqual([]);
  const setBack = { type: 'rewound', id: 'one', by: 'alice', askedAt: '2026-11-21T04:00:00Z' };
  expect(edits(at(1), recordSchema.parse(setBack), at(4))).toEqual([]);
});

test('what begins under a hold is held, until the hold is over', () => {
  const held = { type: 'held', epoch: 1, set: poolRef, basis: 1, because: 'too many' } as const;
  const blocked = { ...held, reason: 'MassDeleteBlocked' };
  const story = [
    seen(aPool(3)),
    ...threeVms,
    blocked,
    seen(aPool(2)),
    gone('VirtualMachine', 'web-0'),
  ];
  const outcomes = (...more: readonly LogRecord[]) =>
    [...fold(...story, ...more).activities.values()].map(({ operation, outcome, reason }) =>
      [operation, outcome, ...(reason === undefined ? [] : [reason])].join(' '),
    );
  expect(outcomes(seen(aPool(5)), gone('VirtualMachine', 'web-1'))).toEqual([
    'created done',
    'scaled done',
    'scaled held MassDeleteBlocked',
    'member-replaced held MassDeleteBlocked',
  ]);
  expect(outcomes(seen(aPool(5)), held)).toEqual(['created done', 'scaled done', 'scaled running']);
  expect(outcomes(gone('VirtualMachinePool', 'web')).at(-1)).toBe('deleted running');
});

test('a size is held while its set is paused, and its deletion is not', () => {
  const time = (seconds: number) => new Date(began + seconds * 1_000).toISOString();
  const told = { type: 'ReplicaPaused', status: 'True', lastTransitionTime: time(5) };
  const paused = { paused: true, status: { conditions: [told] } };
  const last = (...pools: readonly (readonly [number, Partial<Pool>?, boolean?])[]) => {
    const story = [seen(aPool(3)), ...threeVms];
    const sights = pools.map(([size, given, deleting = false]) =>
      seen(aPool(size, { ...given, deleting })),
    );
    const change = [...fold(...story, ...sights).activities.values()].at(-1);
    return [change?.operation, change?.outcome, change?.reason];
  };
  const held = ['scaled', 'held', 'Paused'];
  expect(last([3, paused], [5, paused])).toEqual(held);
  expect(last([5], [5, paused])).toEqual(held);
  expect(last([5, paused], [5])).toEqual(['scaled', 'running', undefined]);
  const since = (seconds: number) => ({ ...paused, kubevirtWroteAt: time(seconds) });
  expect(last([5, since(4)])).toEqual(held);
  // KubeVirt says so, whom the pause keeps away from a set of ours.
  expect(last([5, since(5)])).toEqual(['scaled', 'running', undefined]);
  expect(last([3, paused, true])).toEqual(['deleted', 'running', undefined]);
});
