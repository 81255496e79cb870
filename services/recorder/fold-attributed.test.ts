import { expect, test } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { Attributed, LogRecord } from '#shared/contract/records.ts';
import { aPool, began, gone, sawVm, seen, shard } from '#test/integration/book-story.ts';
import { addChanges, noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldRecord } from './fold.ts';
import { emptyState } from './state.ts';

/** Folds a log whose messages come one second apart. */
function fold(...records: readonly LogRecord[]): Changes {
  const state = emptyState();
  const all = noChanges();
  for (const [index, record] of records.entries()) {
    const arrival = { lineage: '0123abcd', sequence: index + 1, at: began + index * 1_000, shard };
    addChanges(all, foldRecord(state, { ...arrival, part: 0 }, record));
  }
  return all;
}

/** `alice proven (audit: scale)` for each operation. */
function actors(changes: Changes): readonly string[] {
  return [...changes.activities.values()].map(
    ({ operation, actor, grade, how }) => `${operation} by ${actor ?? '?'} ${grade} (${how})`,
  );
}

let requests = 0;

type Given = Partial<Attributed> & { readonly of?: LogRecord; readonly receivedMs?: number };

/** Alice's scale of the set in `of`, received before the story began. */
function attributed({ of, receivedMs = -500, ...given }: Given = {}): Attributed {
  requests += 1;
  const meta = of?.type === 'observed' ? of.object.meta : undefined;
  return {
    type: 'attributed',
    source: 'audit',
    id: `request-${requests}`,
    verb: 'patch',
    subresource: 'scale',
    object: {
      kind: 'VirtualMachinePool',
      namespace: 'demo',
      name: 'web',
      uid: meta?.uid ?? uid('web-uid'),
      ...(meta === undefined ? {} : { resourceVersion: meta.resourceVersion }),
    },
    user: 'alice',
    groups: [],
    receivedAt: new Date(began + receivedMs).toISOString(),
    answeredAt: new Date(began + receivedMs + 5).toISOString(),
    ...given,
  };
}

const inferred = 'kubectl inferred (managedFields: kubectl (scale))';
const creator =
  'kubectl-client-side-apply inferred (managedFields: kubectl-client-side-apply (create))';

test('who scaled is proven by the version of the write, told after the fact or before it', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  const told = attributed({ of: large, replicas: 5 });
  const wanted = [`created by ${creator}`, 'scaled by alice proven (audit: scale)'];
  expect(actors(fold(small, large, told))).toEqual(wanted);
  expect(actors(fold(small, told, large))).toEqual(wanted);
  expect(actors(fold(told, small, large))).toEqual(wanted);
});

test('without a source the manager stays inferred', () => {
  expect(actors(fold(seen(aPool(3)), seen(aPool(5))))).toEqual([
    `created by ${creator}`,
    `scaled by ${inferred}`,
  ]);
});

test('what was entered before stands, and the later word is an entry of its own', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  const { entries } = fold(small, large, attributed({ of: large }));
  expect(entries.map(({ kind }) => kind)).toEqual([
    'size-changed',
    'operation-ended',
    'size-changed',
    'attributed',
  ]);
  const [changed, told] = entries.slice(-2).map(({ body }) => JSON.parse(body));
  expect(changed).toMatchObject({ by: { actor: 'kubectl', grade: 'inferred' } });
  expect(told).toMatchObject({ user: 'alice', activities: [3] });
});

test('a request that is delivered again is no second entry', () => {
  const large = seen(aPool(5));
  const told = attributed({ of: large });
  const { entries, claims } = fold(seen(aPool(3)), large, told, told);
  expect(entries.filter(({ kind }) => kind === 'attributed')).toHaveLength(1);
  expect(claims).toHaveLength(1);
});

test('an operation that has ended still gets its actor, and stays ended', () => {
  const pool = seen(aPool(1));
  const told = attributed({ of: pool, verb: 'create' });
  const { subresource: _none, ...create } = told;
  const changes = fold(pool, sawVm('web-0'), create);
  const [created] = changes.activities.values();
  expect(created).toMatchObject({ actor: 'alice', grade: 'proven', outcome: 'done' });
});

test('of two who claim one version the first to be received made it: the other changed nothing', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  const second = attributed({ of: large, user: 'bob', receivedMs: -100 });
  const first = attributed({ of: large, receivedMs: -200 });
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    expect(actors(fold(small, large, ...order)).at(-1)).toBe(
      'scaled by alice proven (audit: scale)',
    );
  }
});

test('a request that came after the change was seen proves nothing', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  const late = attributed({ of: large, receivedMs: 60_000 });
  expect(actors(fold(small, large, late)).at(-1)).toBe(
    'scaled by alice corroborated (audit: scale, received after the change was seen)',
  );
});

test.for<readonly [string, Partial<Attributed>]>([
  ['another size', { replicas: 4 }],
  [
    'another version',
    { object: { ...attributed().object, resourceVersion: resourceVersionSchema.parse('7') } },
  ],
  ['a deletion', { verb: 'delete' }],
])('a write with %s says nothing of who scaled', ([, given]) => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  expect(actors(fold(small, large, attributed({ of: large, ...given }))).at(-1)).toBe(
    `scaled by ${inferred}`,
  );
});

test('after missed versions a scale is corroborated, and an edit says nothing', () => {
  const [small, large] = [seen(aPool(3)), { ...seen(aPool(5)), survey: 's' } as LogRecord];
  const edit = attributed({ of: large });
  const { subresource: _none, ...plain } = edit;
  expect(actors(fold(small, large, plain)).at(-1)).toBe(`scaled by ${inferred}`);
  expect(actors(fold(small, large, attributed({ of: large }))).at(-1)).toBe(
    'scaled by alice corroborated (audit: scale, other versions were missed)',
  );
});

test('who spoke for whom is told', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  expect(actors(fold(small, large, attributed({ of: large, impersonator: 'admin' }))).at(-1)).toBe(
    'scaled by alice proven (audit: scale, impersonated by admin)',
  );
});

test('who deleted a member or a set is proven by its uid alone', () => {
  const told = attributed({
    verb: 'delete',
    object: {
      ...attributed().object,
      kind: 'VirtualMachine',
      name: 'web-0',
      uid: uid('web-0-uid'),
    },
  });
  const { subresource: _none, ...removal } = told;
  const lost = fold(seen(aPool(1)), sawVm('web-0'), sawVm('web-0', { deleting: true }), removal);
  expect(actors(lost).at(-1)).toBe('member-replaced by alice proven (audit: delete)');

  const pool = seen(aPool(1));
  const { subresource: _nor, ...ofSet } = attributed({ of: pool, verb: 'delete' });
  const ended = fold(pool, ofSet, gone('VirtualMachinePool', 'web'));
  expect(actors(ended).at(-1)).toBe('deleted by alice proven (audit: delete)');
});
