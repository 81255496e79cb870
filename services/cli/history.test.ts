import { expect, test } from 'vitest';
import type { ActivityRow } from '#shared/store/tables.ts';
import { colorsFor } from './colors.ts';
import { historyAnswer, historyRecord } from './history.ts';
import { renderAnswer } from './output.ts';

const at = new Date('2026-11-21T04:12:33.000Z');
const look = { now: new Date(at.getTime() + 192_000), colors: colorsFor(false) };

function aRow(given: Partial<ActivityRow> = {}): ActivityRow {
  return {
    id: 12,
    set_kind: 'VirtualMachinePool',
    namespace: 'default',
    set_name: 'web',
    set_uid: 'web-uid',
    operation: 'scaled',
    from_size: 3,
    to_size: 5,
    member: null,
    old_uid: null,
    new_uid: null,
    at,
    actor: 'kubectl',
    grade: 'inferred',
    how: 'managedFields: kubectl (scale)',
    started_at: new Date(at.getTime() + 100),
    finished_at: new Date(at.getTime() + 1_200),
    outcome: 'done',
    reason: null,
    gap: false,
    ...given,
  };
}

const created = aRow({ operation: 'created', from_size: null, to_size: 3 });
const replaced = aRow({
  operation: 'member-replaced',
  from_size: null,
  to_size: null,
  member: 'web-0',
  old_uid: '11111111-2222',
  new_uid: '33333333-4444',
  actor: null,
  grade: 'unknown',
  how: 'the cluster does not tell who deletes an object',
});
const deleted = aRow({
  operation: 'deleted',
  to_size: null,
  outcome: 'running',
  started_at: null,
  finished_at: null,
});

test('each operation is one line that tells when, what, who, how and how it ended', () => {
  const table = historyAnswer([created, aRow(), replaced, deleted], look, false).table();
  expect(table.split('\n')).toEqual([
    'WHEN        SET          OPERATION         CHANGE                      BY                   HOW                     STARTED   FINISHED   OUTCOME',
    '3m12s ago   vmpool/web   created           – → 3                       kubectl (inferred)   managedFields (scale)   +0.1s     +1.2s      done',
    '3m12s ago   vmpool/web   scaled            3 → 5                       kubectl (inferred)   managedFields (scale)   +0.1s     +1.2s      done',
    '3m12s ago   vmpool/web   member replaced   web-0 11111111 → 33333333   unknown              –                       +0.1s     +1.2s      done',
    '3m12s ago   vmpool/web   deleted           3 → –                       kubectl (inferred)   managedFields (scale)   –         –          running',
    '',
  ]);
});

test.for([
  ['alice', 'audit: scale', 'alice (proven)'],
  [
    'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
    'audit: scale',
    'horizontal pod autoscaler (proven)',
  ],
  ['system:serviceaccount:ci:deployer', 'audit: patch', 'service account ci/deployer (proven)'],
  ['system:serviceaccount:rollcall-system:executor', 'audit: delete', 'rollcall executor (proven)'],
])('a proven user is shown by name, a known part by what it is: %s', ([actor, how, shown]) => {
  const row = aRow({ actor: `${actor}`, grade: 'proven', how: `${how}` });
  const table = historyAnswer([row], look, false).table();
  expect(table).toContain(`${shown}   ${how}   `);
});

test('a program reads from, to, actor, grade and times in RFC 3339', () => {
  expect(JSON.parse(JSON.stringify(historyRecord(created)))).toEqual({
    id: 12,
    namespace: 'default',
    set: 'vmpool/web',
    kind: 'VirtualMachinePool',
    name: 'web',
    uid: 'web-uid',
    operation: 'created',
    from: null,
    to: 3,
    member: null,
    oldUid: null,
    newUid: null,
    at: '2026-11-21T04:12:33.000Z',
    actor: 'kubectl',
    who: 'kubectl',
    grade: 'inferred',
    how: 'managedFields: kubectl (scale)',
    startedAt: '2026-11-21T04:12:33.100Z',
    finishedAt: '2026-11-21T04:12:34.200Z',
    outcome: 'done',
    reason: null,
    gap: false,
  });
});

test('over all namespaces the namespace comes first, and wide has absolute times', () => {
  const wide = renderAnswer(historyAnswer([aRow()], look, true), 'wide');
  expect(wide).toMatch(/^NAMESPACE {3}ID/);
  expect(wide).toContain('2026-11-21 04:12:33Z');
  expect(wide).toContain('kubectl (inferred)   managedFields: kubectl (scale)');
});

test('yaml says the same as json', () => {
  const yaml = renderAnswer(historyAnswer([aRow()], look, false), 'yaml');
  expect(yaml).toContain('from: 3\n');
  expect(yaml).toContain('at: 2026-11-21T04:12:33.000Z\n');
});
