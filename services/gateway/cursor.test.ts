import { expect, test } from 'vitest';
import { readCursor, writeCursor } from './cursor.ts';

test('a place comes back from its cursor', () => {
  const cursor = writeCursor('sets', ['shop', 'VirtualMachinePool', 'wéb']);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(readCursor('sets', cursor, ['string', 'string', 'string'])).toEqual([
    'shop',
    'VirtualMachinePool',
    'wéb',
  ]);
});

test.for([
  ['of another list', writeCursor('sets', [7])],
  ['with another shape', writeCursor('operations', ['7'])],
  ['with too much', writeCursor('operations', [7, 8])],
  ['that was never given', 'bm9uc2Vuc2U'],
  ['of other signs', '%%%'],
])('a cursor %s is a bad question', ([, cursor]) => {
  expect(() => readCursor('operations', `${cursor}`, ['number'])).toThrow(
    expect.objectContaining({ name: 'HttpProblem', status: 400 }),
  );
});
