import { describe, expect, test } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { ResourceVersion } from '#shared/contract/ids.ts';
import type { Pool } from '#shared/contract/objects.ts';
import type { Attributed, LogRecord } from '#shared/contract/records.ts';
import { aPool, began, gone, sawVm, seen, shard } from '#test/integration/book-story.ts';
import { addChanges, noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldRecord } from './fold.ts';
import { emptyState } from './state.ts';

/** Folds a log whose messages come one second apart. */
function fold(...records: readonly LogRecord[]): Changes {
  return foldAfter([], records);
}

/** The same; whatever is told `before` comes before the story begins, and does not delay it. */
function foldAfter(before: readonly LogRecord[], records: readonly LogRecord[]): Changes {
  const state = emptyState();
  const all = noChanges();
  for (const [index, record] of [...before, ...records].entries()) {
    const at = began + (index - before.length) * 1_000;
    const arrival = { lineage: '0123abcd', sequence: index + 1, at, shard };
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

/** Alice's `kubectl scale` of the set in `of`, received before the story began. */
function attributed({ of, receivedMs = -500, ...given }: Given = {}): Attributed {
  requests += 1;
  const object = of?.type === 'observed' ? of.object : undefined;
  const meta = object?.meta;
  const size = object?.kind === 'VirtualMachinePool' ? object.replicas : undefined;
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
    ...(size === undefined ? {} : { replicas: size, asked: size }),
    manager: 'kubectl',
    user: 'alice',
    groups: [],
    receivedAt: new Date(began + receivedMs).toISOString(),
    answeredAt: new Date(began + receivedMs + 5).toISOString(),
    ...given,
  };
}

/** A pool of some size, as it stands at a generation. */
function sized(replicas: number, generation: number, given: Partial<Pool> = {}): LogRecord {
  const pool = aPool(replicas, given);
  return seen({ ...pool, meta: { ...pool.meta, generation } });
}

function versionOf(record: LogRecord): ResourceVersion {
  if (record.type !== 'observed') throw new Error('only what was seen has a version');
  return record.object.meta.resourceVersion;
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
  const { entries, testimonies } = fold(seen(aPool(3)), large, told, told);
  expect(entries.filter(({ kind }) => kind === 'attributed')).toHaveLength(1);
  expect(testimonies.size).toBe(1);
});

test('an operation that has ended still gets its actor, and stays ended', () => {
  const pool = seen(aPool(1));
  const told = attributed({ of: pool, verb: 'create' });
  const { subresource: _none, ...create } = told;
  const changes = fold(pool, sawVm('web-0'), create);
  const [created] = changes.activities.values();
  expect(created).toMatchObject({ actor: 'alice', grade: 'proven', outcome: 'done' });
});

/** The last operation, by whoever is named in the end, in whichever order the sources tell. */
function whoScaled(facts: readonly LogRecord[], ...told: readonly Attributed[]): string {
  const said = [told, told.toReversed()].map((order) => actors(fold(...facts, ...order)).at(-1));
  expect(new Set([...said, actors(foldAfter(told, facts)).at(-1)]).size).toBe(1);
  return said[0] ?? '';
}

test('of two who claim one version the first made it, if he had his answer when the other came', () => {
  const facts = [seen(aPool(3)), seen(aPool(5))];
  const of = facts[1];
  const first = attributed({ ...(of && { of }), receivedMs: -900 });
  const second = attributed({ ...(of && { of }), user: 'bob', receivedMs: 900 });
  expect(whoScaled(facts, first, second)).toBe('scaled by alice proven (audit: scale)');
});

test('of two who asked for the same at one time nobody is proven, and both are told', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  const first = attributed({ of: large, receivedMs: -200 });
  const second = attributed({ of: large, user: 'bob', receivedMs: -100 });
  expect(whoScaled([small, large], first, second)).toBe(
    'scaled by alice inferred (audit: scale, unless it was bob, who asked for the same at that time)',
  );
  const again = attributed({ of: large, receivedMs: -100 });
  expect(whoScaled([small, large], first, again)).toBe('scaled by alice proven (audit: scale)');
});

test('a request that came after the change was seen is told of, and names nobody', () => {
  const [small, large] = [seen(aPool(3)), seen(aPool(5))];
  for (const receivedMs of [1_300, 60_000]) {
    expect(whoScaled([small, large], attributed({ of: large, receivedMs }))).toBe(
      'scaled by kubectl inferred (managedFields: kubectl (scale); audit: alice asked for the same after it was seen)',
    );
  }
});

describe('an empty write of bob, who is answered with the version that another made', () => {
  const [small, large] = [sized(3, 1), sized(5, 2)];
  const bob = { of: large, user: 'bob', receivedMs: 900 } as const;

  test.for<readonly [string, Partial<Attributed>]>([
    ['as another manager than owns the size', { manager: 'argocd-controller' }],
    ['by an edit, while a scale owns the size', { subresource: undefined }],
    ['that asks for another size', { asked: 4 }],
    ['that asks for no size', { asked: undefined }],
    [
      'bound to the version that it was answered with',
      { verb: 'update', boundTo: versionOf(large) },
    ],
  ])('%s is not named', ([, given]) => {
    const { subresource, asked, ...rest } = { ...attributed(bob), ...given };
    const told = {
      ...rest,
      ...(subresource === undefined ? {} : { subresource }),
      ...(asked === undefined ? {} : { asked }),
    };
    expect(whoScaled([small, large], told)).toBe(`scaled by ${inferred}`);
  });

  test('is not named beside who was bound to the version before', () => {
    const hpa = attributed({
      of: large,
      user: 'hpa',
      verb: 'update',
      boundTo: versionOf(small),
      receivedMs: 950,
    });
    expect(whoScaled([small, large], attributed(bob), hpa)).toBe(
      'scaled by hpa proven (audit: scale)',
    );
  });

  test('is not named in another second than managedFields have', () => {
    const writer = { manager: 'curl', operation: 'Update' };
    const edited = (time: string) => sized(5, 2, { replicasBy: { ...writer, time } });
    const told = (of: LogRecord) => {
      const { subresource: _none, ...edit } = attributed({ ...bob, of, manager: 'curl' });
      return edit;
    };
    const before = sized(3, 1);
    const [same, other] = [edited('2026-11-21T04:00:00Z'), edited('2026-11-21T03:59:59Z')];
    expect(whoScaled([before, same], told(same))).toBe('scaled by bob proven (audit: patch)');
    expect(whoScaled([before, other], told(other))).toBe(
      'scaled by curl inferred (managedFields: curl)',
    );
  });
});

describe('a size whose own version was not seen', () => {
  const [small, unseen, large] = [sized(3, 1), sized(5, 2), sized(5, 2)];
  const alice = attributed({ of: unseen, receivedMs: 100 });

  test('is not laid to who wrote the version seen, though he asked for the same', () => {
    const bob = attributed({ of: large, user: 'bob', receivedMs: 900 });
    expect(whoScaled([small, large], alice, bob)).toBe(
      'scaled by alice corroborated (audit: scale, the version that it made was not seen)',
    );
  });

  test('is nobody whose update came from yet another version, and was no scale', () => {
    const { subresource: _none, ...update } = attributed({
      of: sized(5, 2, { replicasBy: { manager: 'kubectl', operation: 'Update' } }),
      verb: 'update',
      boundTo: versionOf(unseen),
    });
    const owned = sized(5, 2, { replicasBy: { manager: 'kubectl', operation: 'Update' } });
    const of = { ...update.object, resourceVersion: versionOf(owned) };
    expect(whoScaled([small, owned], { ...update, object: of })).toBe(
      'scaled by alice corroborated (audit: update, other versions were missed)',
    );
  });
});

test('changes of the spec that were not seen may have been of the size: who wrote last is inferred', () => {
  const [small, large] = [sized(3, 1), sized(5, 4)];
  expect(actors(fold(small, large)).at(-1)).toBe(
    'scaled by kubectl inferred (managedFields: kubectl (scale), 2 other changes of the spec before it were not seen)',
  );
  expect(whoScaled([small, large], attributed({ of: large }))).toBe(
    'scaled by alice inferred (audit: scale, 2 other changes of the spec before it were not seen)',
  );
});

test('a set that was changed before it was first seen was not made with that size for certain', () => {
  const changes = fold(sized(5, 3));
  expect([...changes.activities.values()]).toMatchObject([{ operation: 'created', gap: true }]);
  expect(actors(changes)[0]).toContain('2 other changes of the spec before it were not seen');
});

test('where managedFields name nobody, as after a scale to nothing, a scale is corroborated', () => {
  const small = sized(3, 1);
  const { replicasBy: _nobody, ...none } = aPool(0);
  const nothing = seen({ ...none, meta: { ...none.meta, generation: 2 } });
  const told = attributed({ of: nothing });
  expect(whoScaled([small, nothing], told)).toBe(
    'scaled by alice corroborated (audit: scale, managedFields name nobody for the size)',
  );
  const { subresource: _none, ...edit } = told;
  expect(whoScaled([small, nothing], edit)).toContain('unknown');
});

test('what was seen long after the answer is corroborated: others may have come in between', () => {
  const [small, large] = [sized(3, 1), sized(5, 2)];
  expect(whoScaled([small, large], attributed({ of: large, receivedMs: -60_000 }))).toBe(
    'scaled by alice corroborated (audit: scale, seen 61s after it)',
  );
});

test('a source that does not tell the manager proves nothing', () => {
  const [small, large] = [sized(3, 1), sized(5, 2)];
  const { manager: _none, asked: _size, ...told } = attributed({ of: large });
  expect(whoScaled([small, large], told)).toBe(
    'scaled by alice corroborated (audit: scale, told without its field manager)',
  );
});

test('after the cluster was set back, what was told of a version names nobody for the new one', () => {
  const [small, large] = [sized(3, 1), sized(5, 2)];
  const told = attributed({ of: large, receivedMs: 900 });
  const rewound: LogRecord = {
    type: 'rewound',
    id: 'r',
    by: 'admin',
    askedAt: new Date(began).toISOString(),
  };
  const bob = sized(4, 2);
  if (bob.type !== 'observed') throw new Error('a pool');
  const meta = { ...bob.object.meta, resourceVersion: versionOf(large) };
  const again = [small, told, large, rewound, small, seen({ ...aPool(5), meta })];
  expect(actors(fold(...again)).at(-1)).toBe(`scaled by ${inferred}`);
});

test('many later empty writes do not keep the writer out, however late he is told of', () => {
  const [small, large] = [sized(3, 1), sized(5, 2)];
  const later = [1, 2, 3, 4, 5, 6].map((index) =>
    attributed({ of: large, user: 'bob', receivedMs: 500 + index }),
  );
  const first = attributed({ of: large, receivedMs: -400 });
  expect(actors(fold(small, large, ...later, first)).at(-1)).toBe(
    'scaled by alice proven (audit: scale)',
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

describe('who deleted', () => {
  const pool = sized(1, 1);
  const when = '2026-11-21T04:00:01Z';
  const terminating = (() => {
    const object = aPool(1, { deleting: true });
    return seen({ ...object, meta: { ...object.meta, generation: 2, deletedAt: when } });
  })();
  const deletion = (given: Given): Attributed => {
    const {
      subresource: _none,
      asked: _size,
      ...told
    } = attributed({
      of: terminating,
      verb: 'delete',
      ...given,
    });
    return told;
  };

  test('a set that finalizers keep is told by the second of the deletion', () => {
    const alice = deletion({ receivedMs: 1_200, deletedAt: when });
    expect(whoScaled([pool, terminating], alice)).toBe('deleted by alice proven (audit: delete)');
    const bob = deletion({ user: 'bob', receivedMs: 2_100, deletedAt: when });
    expect(whoScaled([pool, terminating], bob)).toMatch(/^deleted by \? unknown/);
    expect(whoScaled([pool, terminating], alice, bob)).toContain('alice proven');
  });

  test('within one second two may have done it', () => {
    const [alice, bob] = [
      deletion({ receivedMs: 1_200, deletedAt: when }),
      deletion({ user: 'bob', receivedMs: 1_300, deletedAt: when }),
    ];
    expect(whoScaled([pool, terminating], alice, bob)).toContain('alice inferred');
  });

  test('nobody is named whose request came when it was gone already', () => {
    const told = deletion({ receivedMs: 60_000 });
    expect(whoScaled([pool, terminating], told)).toContain('? unknown');
  });
});
