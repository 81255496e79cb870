import { expect, test } from 'vitest';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { recordSchema } from '#shared/contract/records.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import {
  aPool,
  began,
  gone,
  poolRef,
  sawDisk,
  sawVm,
  seen,
  shard,
} from '#test/integration/book-story.ts';
import { addChanges, noChanges } from './changes.ts';
import { foldRecord } from './fold.ts';
import { emptyState, forgetGone } from './state.ts';

const rewound = {
  type: 'rewound',
  id: 'one',
  by: 'alice',
  askedAt: '2026-11-21T04:00:00.000Z',
} as const;

function rig() {
  const state = emptyState();
  const changes = noChanges();
  let sequence = 0;
  const folds = (records: readonly LogRecord[], where = shard): void => {
    for (const record of records) {
      sequence += 1;
      const arrival = {
        lineage: '0123abcd',
        sequence,
        at: began + sequence,
        shard: where,
        part: 0,
      };
      addChanges(changes, foldRecord(state, arrival, record));
    }
  };
  return { state, changes, folds };
}

/** The same sighting at a version from before everything else. */
function early(record: LogRecord | undefined): readonly LogRecord[] {
  if (record?.type !== 'observed') throw new Error('no sighting');
  return [recordSchema.parse({ ...record, object: atVersionOne(record.object) })];
}

function atVersionOne(object: Observable): object {
  return { ...object, meta: { ...object.meta, resourceVersion: '1' } };
}

test('the book notes it once, with the name of whoever accepted it', () => {
  const { changes, folds } = rig();
  folds([rewound]);
  folds([rewound], shardSchema.parse('cl'));
  expect(changes.entries.map(({ kind }) => kind)).toEqual(['rewound']);
  expect(changes.entries[0]?.body).toContain('"by":"alice"');
});

test('an older version counts again, and what was gone may be back', () => {
  const { state, folds } = rig();
  const pool = seen(aPool(3));
  const vm = sawVm('web-0');
  folds([pool, vm, gone('VirtualMachine', 'web-0')]);
  folds(early(vm));
  expect(state.holdings.get('web-0-uid')?.goneAt).toBeDefined();
  folds([rewound, ...early(pool), ...early(vm)]);
  expect(state.holdings.get('web-0-uid')).toMatchObject({ resourceVersion: '1' });
  expect(state.holdings.get('web-0-uid')?.goneAt).toBeUndefined();
});

test('a disk that is back can be lost once more', () => {
  const { state, folds } = rig();
  const disks = sawDisk('web-0');
  folds([seen(aPool(1)), sawVm('web-0'), ...disks]);
  folds([gone('PersistentVolumeClaim', 'web-0-disk', 'web-0-disk-pvc')]);
  expect([...state.volumes.values()].map((volume) => volume.state)).toEqual(['gone']);
  folds([rewound]);
  expect(state.volumes.size).toBe(0);
});

test('who made a version that is void did not begin what is still under way', () => {
  for (const isOld of [false, true]) {
    const { state, changes, folds } = rig();
    folds([seen(aPool(3))]);
    if (isOld) forgetGone(state, began + 24 * 3_600_000);
    folds([rewound, sawVm('web-0')]);
    folds([{ type: 'held', epoch: 1, set: poolRef, basis: 1, reason: 'Contested', because: '' }]);
    expect(state.begun.size).toBe(0);
    expect([...changes.activities.values()]).toMatchObject([{ outcome: 'held' }]);
    expect([...changes.activities.values()].map(({ write }) => write)).toEqual([undefined]);
  }
});

test('a deletion that is void is over', () => {
  const { state, changes, folds } = rig();
  const pool = seen(aPool(1));
  folds([pool, sawVm('web-0'), gone('VirtualMachinePool', 'web'), rewound, ...early(pool)]);
  expect([...changes.activities.values()]).toMatchObject([
    { operation: 'created', outcome: 'done' },
    { operation: 'deleted', outcome: 'superseded' },
    { operation: 'created', outcome: 'done' },
  ]);
  expect(state.open.size).toBe(0);
});

test('a set that was terminating and no longer is can change its size', () => {
  const { changes, folds } = rig();
  const pool = seen(aPool(2));
  folds([pool, sawVm('web-0'), sawVm('web-1'), seen(aPool(2, { deleting: true })), rewound]);
  folds(early(pool));
  folds([seen(aPool(1))]);
  expect([...changes.activities.values()].map((one) => [one.operation, one.outcome])).toEqual([
    ['created', 'done'],
    ['deleted', 'superseded'],
    ['scaled', 'running'],
  ]);
});

test('what leaves the memory is marked in its row, until it is told of anew', () => {
  const { changes, folds } = rig();
  const vm = sawVm('web-0');
  folds([seen(aPool(1)), vm, ...sawDisk('web-0'), gone('VirtualMachine', 'web-0')]);
  folds([gone('PersistentVolumeClaim', 'web-0-disk', 'web-0-disk-pvc'), rewound]);
  expect(changes.holdings.get('web-0-uid')).toMatchObject({ isVoid: true });
  expect(changes.volumes.get('web-0-disk-pvc')).toMatchObject({ isVoid: true });
  folds(early(vm));
  expect(changes.holdings.get('web-0-uid')).not.toHaveProperty('isVoid');
});
