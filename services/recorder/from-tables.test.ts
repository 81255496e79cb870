import { expect, test } from 'vitest';
import type { AttributionRow } from '#shared/store/tables.ts';
import { testimonyFrom } from './from-tables.ts';

const at = new Date('2026-11-21T04:00:00Z');

const row: AttributionRow = {
  entry: 7,
  write: 'web-uid@812',
  at,
  source: 'audit',
  id: '5e1f6f4e',
  verb: 'patch',
  subresource: 'scale',
  kind: 'VirtualMachinePool',
  namespace: 'demo',
  name: 'web',
  uid: 'web-uid',
  resource_version: '812',
  replicas: 5,
  actor: 'alice',
  impersonator: null,
  groups: [],
  user_agent: null,
  received_at: at,
  answered_at: at,
  manager: null,
  asked: null,
  bound_to: null,
  deleted_at: null,
};

test('a row that no record could make any more is left where it stands', () => {
  expect(testimonyFrom(row)).toMatchObject({ entry: 7, record: { user: 'alice' } });
  const received_at = new Date('+012026-01-01T00:00:00Z');
  expect(testimonyFrom({ ...row, received_at })).toBeUndefined();
});
