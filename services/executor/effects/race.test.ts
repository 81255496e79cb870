import { expect, test } from 'vitest';
import { failureOf } from '#shared/cluster/failure.ts';
import { isRaced } from './race.ts';

/** What a real API server answers to a patch; see the recorded answers. */
function refused(status: number, reason: string, causes: readonly object[] = []) {
  const body = { kind: 'Status', reason, details: { causes }, message: 'the server rejected …' };
  return failureOf({ status, body, doing: 'a test' });
}

test('a failed test of a JSON patch, and a version that has passed, are races', () => {
  expect(isRaced(refused(422, 'Invalid'), { type: 'json' })).toBe(true);
  expect(isRaced(refused(409, 'Conflict'), { type: 'merge' })).toBe(true);
  const second = { reason: 'FieldValueInvalid', field: 'metadata.ownerReferences' };
  expect(isRaced(refused(422, 'Invalid', [second]), { type: 'json' })).toBe(true);
});

test('the no of a webhook or of a schema names a field, and is no race', () => {
  const cause = { reason: 'FieldValueInvalid', message: 'no', field: 'spec.maxUnavailable' };
  expect(isRaced(refused(422, 'Invalid', [cause]), { type: 'json' })).toBe(false);
  expect(isRaced(refused(422, 'Invalid'), { type: 'merge' })).toBe(false);
  expect(isRaced(refused(403, 'Forbidden'), { type: 'json' })).toBe(false);
});
