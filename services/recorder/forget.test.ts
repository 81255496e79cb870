import { expect, test } from 'vitest';
import { resourceVersionSchema, shardSchema } from '#shared/contract/ids.ts';
import { noChanges } from './changes.ts';
import type { DeletedVolume, Holding } from './rows.ts';
import { emptyState, forgetGone, placeHolding } from './state.ts';
import type { BookState } from './state.ts';
import { putVolume } from './step.ts';
import { findVolume, placeVolume } from './volumes.ts';

const shard = shardSchema.parse('07');
const resourceVersion = resourceVersionSchema.parse('7');
const day = 24 * 3_600_000;

test('of a set that came and went a day ago nothing stays in memory', () => {
  const state = emptyState();
  const before = sizesOf(state);
  const pool = aHolding({ uid: 'pool', kind: 'VirtualMachinePool' });
  const member = aHolding({ uid: 'vm', owner: 'pool', claims: ['data-0'] });
  for (const holding of [pool, member]) placeHolding(state, holding);
  expect(sizesOf(state)).not.toEqual(before);
  for (const holding of [pool, member]) placeHolding(state, { ...holding, goneAt: 1_000 });
  forgetGone(state, 500);
  expect(state.holdings.size).toBe(2);
  forgetGone(state, 1_000 + day);
  expect(sizesOf(state)).toEqual(before);
});

test('a claim whose member lives stays known, and so does a set that lost all members', () => {
  const state = emptyState();
  placeHolding(state, aHolding({ uid: 'pool', kind: 'VirtualMachinePool' }));
  placeHolding(state, aHolding({ uid: 'vm', owner: 'pool', claims: ['data-0'] }));
  forgetGone(state, day);
  expect(state.users.get('default/data-0')).toBe('vm');
  expect(state.memberships.get('pool')?.active).toBe(1);
});

test('a disk that is gone is forgotten under each of its uids', () => {
  const state = emptyState();
  const before = sizesOf(state);
  const parts = {
    claim: { name: 'data-0', uid: 'claim-1' },
    dataVolume: { name: 'data-0', uid: 'dv' },
  };
  placeHolding(state, aHolding({ uid: 'claim-1', kind: 'PersistentVolumeClaim', owner: 'dv' }));
  placeVolume(state, { ...aVolume('at risk'), key: 'dv', ...parts });
  expect(findVolume(state, { claim: 'claim-1' })?.key).toBe('dv');
  expect(findVolume(state, { claim: 'claim-2', dataVolume: 'dv' })).toBeUndefined();
  placeHolding(state, aHolding({ uid: 'claim-1', kind: 'PersistentVolumeClaim', goneAt: 1_000 }));
  placeVolume(state, { ...aVolume('gone'), key: 'dv', ...parts, goneAt: 1_000 });
  forgetGone(state, 1_001);
  expect(sizesOf(state)).toEqual(before);
});

test('a disk that is gone leaves no trace of the command that took it', () => {
  const state = emptyState();
  const arrival = { lineage: '0a0b0c0d', sequence: 1, at: 0, shard, part: 0 };
  const step = { state, changes: noChanges(), arrival };
  putVolume(step, aVolume('at risk'));
  expect(state.effects.size).toBe(1);
  state.effects.clear();
  putVolume(step, aVolume('gone'));
  putVolume(step, { ...aVolume('at risk'), applied: true });
  expect(state.effects.size).toBe(0);
});

/** What the state remembers, but for the empty shelves that each kind keeps. */
function sizesOf(state: BookState): Readonly<Record<string, number>> {
  const { holdings, names, memberships, users, open, sizes, volumes, effects } = state;
  const { claims, volumeKeys } = state;
  const maps = {
    holdings,
    names,
    memberships,
    users,
    open,
    sizes,
    volumes,
    effects,
    claims,
    volumeKeys,
  };
  return Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, map.size]));
}

function aHolding(fields: Partial<Holding> & { readonly uid: string }): Holding {
  return {
    kind: 'VirtualMachine',
    namespace: 'default',
    name: fields.uid,
    shard,
    resourceVersion,
    createdAt: 0,
    deleting: false,
    ...fields,
  };
}

function aVolume(state: DeletedVolume['state']): DeletedVolume {
  return {
    key: 'claim-1',
    set: { kind: 'VirtualMachinePool', namespace: 'default', name: 'web', uid: 'pool' },
    cause: 'scale-in',
    because: 'a test',
    effect: '0a0b0c0d.1.1.0',
    applied: false,
    state,
  };
}
