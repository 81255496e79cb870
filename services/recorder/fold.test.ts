import { describe, expect, test } from 'vitest';
import type { Purpose } from '#shared/contract/commands.ts';
import { uid } from '#shared/contract/ids.ts';
import type { Decided, LogRecord } from '#shared/contract/records.ts';
import {
  aPool,
  aReplicaSet,
  anEffect,
  began,
  claimGone,
  currentVersion,
  decidedCreates,
  decidedDeletes,
  gone,
  poolRef,
  sawDisk,
  sawVm,
  sawVmi,
  seen,
  settled,
} from '#test/integration/book-story.ts';
import type { Changes } from './changes.ts';
import { foldStory as fold } from './testing/fold-story.ts';

/** History as a person reads it. */
function history(changes: Changes): readonly string[] {
  return [...changes.activities.values()].map(
    ({ operation, from, to, member, newUid, outcome, gap }) =>
      [
        operation,
        ...(operation === 'member-replaced'
          ? [member, '→', newUid ?? '?']
          : [from ?? '–', '→', to ?? '–']),
        outcome,
        ...(gap ? ['gap'] : []),
      ].join(' '),
  );
}

const threeVms = [sawVm('web-0'), sawVm('web-1'), sawVm('web-2')];

describe('the size of a set', () => {
  test('a new set is created, and done once its members are there', () => {
    const changes = fold(seen(aPool(3)), ...threeVms);
    expect(history(changes)).toEqual(['created – → 3 done']);
    const [created] = changes.activities.values();
    expect(created).toMatchObject({
      actor: 'kubectl-client-side-apply',
      grade: 'inferred',
      how: 'managedFields: kubectl-client-side-apply (create)',
      at: began,
      startedAt: began + 1_000,
      finishedAt: began + 3_000,
    });
  });

  test('a set that is older than the book is found, and nobody waits for it', () => {
    const createdAt = new Date(began - 3_600_000).toISOString();
    expect(history(fold(seen(aPool(3, { createdAt }))))).toEqual(['found – → 3 done']);
  });

  test('an absent replicas means one', () => {
    const { replicas: _absent, ...pool } = aPool(1);
    expect(history(fold(seen(pool)))).toEqual(['created – → 1 running']);
  });

  test('a change of size names who scaled and how that is known', () => {
    const changes = fold(seen(aPool(3)), ...threeVms, seen(aPool(5)));
    expect(history(changes)).toEqual(['created – → 3 done', 'scaled 3 → 5 running']);
    expect([...changes.activities.values()][1]).toMatchObject({
      actor: 'kubectl',
      grade: 'inferred',
      how: 'managedFields: kubectl (scale)',
    });
  });

  test('an actor that managedFields do not name is unknown', () => {
    const first = aPool(3);
    const { replicasBy: _nobody, ...scaled } = aPool(5);
    const changes = fold(seen(first), seen(scaled));
    expect([...changes.activities.values()][1]).toMatchObject({ grade: 'unknown' });
    expect([...changes.activities.values()][1]?.actor).toBeUndefined();
  });

  test('a version that is not newer says nothing', () => {
    const old = seen(aPool(3));
    const changes = fold(old, seen(aPool(5)), old);
    expect(history(changes)).toEqual(['created – → 3 superseded', 'scaled 3 → 5 running']);
  });

  test('versions missed in between are told as one change with a gap', () => {
    const first = aPool(3);
    const later = aPool(9);
    const changes = fold(
      seen({ ...first, meta: { ...first.meta, generation: 1 } }),
      seen({ ...later, meta: { ...later.meta, generation: 4 } }),
    );
    expect(history(changes)[1]).toBe('scaled 3 → 9 running gap');
  });

  test('the first decision for a change of size is its start', () => {
    const changes = fold(seen(aPool(1)), decidedCreates(1, ['web-0']), sawVm('web-0'));
    const [created] = changes.activities.values();
    expect(created).toMatchObject({ startedAt: began + 1_000, finishedAt: began + 2_000 });
  });

  test('a pool that scales in is done when the last victim is gone, not when it terminates', () => {
    const terminates = [
      seen(aPool(3)),
      ...threeVms,
      seen(aPool(2)),
      decidedDeletes(1, ['web-2']),
      sawVm('web-2', { deleting: true }),
    ];
    expect(history(fold(...terminates)).at(-1)).toBe('scaled 3 → 2 running');
    const changes = fold(...terminates, gone('VirtualMachine', 'web-2'));
    expect(history(changes)).toEqual(['created – → 3 done', 'scaled 3 → 2 done']);
  });

  test('a size that is taken back is reached by the members that are spared', () => {
    const changes = fold(
      seen(aPool(1)),
      sawVm('web-0'),
      seen(aPool(0)),
      decidedDeletes(1, ['web-0']),
      seen(aPool(1)),
      settled(anEffect(1, 0), 'withdrawn'),
    );
    expect(history(changes)).toEqual([
      'created – → 1 done',
      'scaled 1 → 0 superseded',
      'scaled 0 → 1 done',
    ]);
  });

  test('a deleted set is done when its last member is gone', () => {
    const deleting = [
      seen(aPool(1)),
      sawVm('web-0'),
      seen(aPool(1, { deleting: true })),
      gone('VirtualMachinePool', 'web'),
    ];
    expect(history(fold(...deleting)).at(-1)).toBe('deleted 1 → – running');
    const changes = fold(...deleting, gone('VirtualMachine', 'web-0'));
    expect(history(changes)).toEqual(['created – → 1 done', 'deleted 1 → – done']);
  });

  test('a hold shows in the operation that it stops, and goes with it', () => {
    const held = { type: 'held', epoch: 1, set: poolRef, basis: 1, because: 'too many' } as const;
    const blocked = { ...held, reason: 'MassDeleteBlocked' };
    const stopped = fold(seen(aPool(3)), blocked);
    expect([...stopped.activities.values()][0]).toMatchObject({
      outcome: 'held',
      reason: 'MassDeleteBlocked',
    });
    expect([...fold(seen(aPool(3)), blocked, held).activities.values()][0]?.outcome).toBe(
      'running',
    );
  });
});

test('a hold ends with its set, whichever the book hears of first', () => {
  const because = 'too many';
  const reason = 'MassDeleteBlocked';
  const blocked = { type: 'held', epoch: 1, set: poolRef, basis: 1, because, reason } as const;
  const end = gone('VirtualMachinePool', 'web');
  for (const story of [
    [blocked, end],
    [end, blocked],
  ]) {
    const hold = fold(seen(aPool(3)), ...story).holds.get(poolRef.uid);
    expect(hold).toBeDefined();
    expect(hold).not.toHaveProperty('reason');
  }
});

describe('members', () => {
  test('a pool member that someone deletes is replaced by the one of the same name', () => {
    const changes = fold(
      seen(aPool(3)),
      ...threeVms,
      sawVm('web-0', { deleting: true }),
      gone('VirtualMachine', 'web-0'),
      sawVm('web-0', { uid: 'web-0-second' }),
    );
    expect(history(changes)).toEqual([
      'created – → 3 done',
      'member-replaced web-0 → web-0-second done',
    ]);
    expect([...changes.activities.values()][1]).toMatchObject({ oldUid: 'web-0-uid' });
  });

  test('a new uid under an old name means that the old one has gone', () => {
    const changes = fold(seen(aPool(1)), sawVm('web-0'), sawVm('web-0', { uid: 'web-0-second' }));
    expect(history(changes)[1]).toBe('member-replaced web-0 → web-0-second done gap');
  });

  test('a victim of scale-in is not replaced', () => {
    const changes = fold(
      seen(aPool(3)),
      ...threeVms,
      decidedDeletes(1, ['web-2']),
      sawVm('web-2', { deleting: true }),
      gone('VirtualMachine', 'web-2'),
    );
    expect(history(changes)).toEqual(['created – → 3 done']);
  });

  test('a member lost beside victims of scale-in is replaced, and the scaling waits for them', () => {
    const changes = fold(
      seen(aPool(2)),
      sawVm('web-0'),
      sawVm('web-1'),
      seen(aPool(1)),
      decidedDeletes(1, ['web-1']),
      gone('VirtualMachine', 'web-0'),
    );
    expect(history(changes)).toEqual([
      'created – → 2 done',
      'scaled 2 → 1 running',
      'member-replaced web-0 → ? running',
    ]);
  });

  test('a member of a replica set is replaced by the next new one', () => {
    const changes = fold(
      seen(aReplicaSet(2)),
      sawVmi('web-aaaaa'),
      sawVmi('web-bbbbb'),
      sawVmi('web-aaaaa', { deleting: true }),
      sawVmi('web-ccccc'),
    );
    expect(history(changes)).toEqual([
      'created – → 2 done',
      'member-replaced web-aaaaa → web-ccccc-uid done',
    ]);
  });

  test('a VMI that has ended is replaced too', () => {
    const changes = fold(
      seen(aReplicaSet(1)),
      sawVmi('web-aaaaa'),
      sawVmi('web-aaaaa', { phase: 'Failed' }),
      sawVmi('web-bbbbb'),
    );
    expect(history(changes)[1]).toBe('member-replaced web-aaaaa → web-bbbbb-uid done');
  });
});

test.each(['heal', 'replace'] as const)(
  'a member that goes by our own %s is replaced; Rollcall is proven to have done it by the outcome',
  (purpose) => {
    const removed = decidedDeletes(1, ['web-2'], { purpose });
    const meant = [seen(aPool(3)), ...threeVms, removed];
    const goes = [sawVm('web-2', { deleting: true }), gone('VirtualMachine', 'web-2')];
    const applied = settled(anEffect(1, 0), 'applied');
    const changes = fold(...meant, ...goes);
    expect(history(changes)).toEqual(['created – → 3 done', 'member-replaced web-2 → ? running']);
    const who = (...records: readonly LogRecord[]) => {
      const { actor, grade } = [...fold(...meant, ...records).activities.values()][1] ?? {};
      return `${actor ?? '?'} ${grade}`;
    };
    expect(who(...goes)).toBe('rollcall inferred');
    expect(who(...goes, applied)).toBe('rollcall proven');
    expect(who(applied, ...goes)).toBe('rollcall proven');
    // Found gone: somebody may have been faster.
    expect(who(...goes, settled(anEffect(1, 0), 'already'))).toBe('rollcall inferred');
    expect(who(settled(anEffect(1, 0), 'stale'), ...goes)).toBe('? unknown');
  },
);

describe('disks', () => {
  const scaledIn = [
    seen(aPool(3)),
    ...threeVms,
    ...sawDisk('web-2'),
    seen(aPool(1)),
    decidedDeletes(1, ['web-2']),
  ];

  test('a command endangers its disks with cause, decision and operation', () => {
    const [volume] = fold(...scaledIn).volumes.values();
    expect(volume).toMatchObject({
      key: 'web-2-disk-pvc',
      cause: 'scale-in 3 → 1',
      because: '1 too many',
      decision: scaledIn.length,
      ordinal: 2,
      state: 'at risk',
      set: { name: 'web' },
    });
  });

  test('a disk is gone when its claim vanishes', () => {
    const [volume] = fold(...scaledIn, claimGone('web-2')).volumes.values();
    expect(volume).toMatchObject({
      state: 'gone',
      goneAt: began + scaledIn.length * 1_000,
      cause: 'scale-in 3 → 1',
      dataVolume: { name: 'web-2-disk', uid: 'web-2-disk-dv' },
      volume: { name: 'pv-web-2-disk', uid: 'pv-web-2-disk-uid' },
    });
  });

  test('a disk is kept when the command came to nothing, and not when it was carried out', () => {
    const stale = fold(...scaledIn, settled(anEffect(1, 0), 'stale'));
    expect([...stale.volumes.values()][0]?.state).toBe('kept');
    const applied = fold(...scaledIn, settled(anEffect(1, 0), 'applied'));
    expect([...applied.volumes.values()][0]).toMatchObject({ state: 'at risk', applied: true });
  });

  test('a kept disk that goes later was deleted by others', () => {
    const changes = fold(...scaledIn, settled(anEffect(1, 0), 'stale'), claimGone('web-2'));
    const [volume] = changes.volumes.values();
    expect(volume).toMatchObject({ state: 'gone', cause: 'deleted outside Rollcall' });
    expect(volume?.decision).toBeUndefined();
  });

  const kept = (purpose: Purpose): Decided => {
    const plan = decidedDeletes(1, ['web-2'], { purpose });
    return {
      ...plan,
      commands: plan.commands.map((command) =>
        command.verb === 'delete-member' ? { ...command, keepDisks: true } : command,
      ),
    };
  };

  const preserving = (plan: number): Decided => {
    const disk = { kind: 'DataVolume', name: 'web-2-disk', uid: uid('web-2-disk-dv') } as const;
    const member = { name: 'web-2', uid: uid('web-2-uid') };
    const because = 'web-2-disk is kept when web-2 goes';
    const effect = anEffect(plan, 0);
    const preserve = { verb: 'preserve-disk', effect, because, member, disk } as const;
    return { ...decidedCreates(plan, []), commands: [preserve] };
  };

  test('a disk that outlives its member is not at risk, also when the member is gone', () => {
    const changes = fold(
      ...scaledIn.slice(0, -1),
      kept('scale-in'),
      settled(anEffect(1, 0), 'applied'),
      preserving(2),
      settled(anEffect(2, 0), 'applied'),
      gone('VirtualMachine', 'web-2'),
    );
    expect([...changes.volumes.values()]).toMatchObject([
      { key: 'web-2-disk-pvc', state: 'kept', applied: false, cause: 'kept: scale-in 3 → 1' },
    ]);
    const bodies = changes.entries.filter(({ kind }) => kind === 'decided').map(({ body }) => body);
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      { endangered: [], keeps: [{ member: { name: 'web-2' }, disks: [{}] }] },
      { endangered: [], keeps: [{ disk: { name: 'web-2-disk' } }] },
    ]);
  });

  test('a disk that is kept of a member that others deleted has its line', () => {
    const changes = fold(
      seen(aPool(3)),
      ...threeVms,
      ...sawDisk('web-2'),
      sawVm('web-2', { deleting: true }),
      preserving(1),
    );
    expect([...changes.volumes.values()]).toMatchObject([
      {
        ...{ key: 'web-2-disk-pvc', state: 'kept', ordinal: 2 },
        cause: 'kept: member deleted outside Rollcall',
        claim: { name: 'web-2-disk' },
        dataVolume: { uid: 'web-2-disk-dv' },
      },
    ]);
  });

  test('taking a disk up again is told, and leaves its line as it is', () => {
    const create = decidedCreates(3, ['web-2']);
    const takesUp = [{ claim: { name: 'web-2-disk', uid: uid('web-2-disk-pvc') } }];
    const again = {
      ...create,
      commands: create.commands.map((command) =>
        command.verb === 'create-vm' ? { ...command, takesUp } : command,
      ),
    };
    const before = [...scaledIn.slice(0, -1), kept('scale-in'), settled(anEffect(1, 0), 'applied')];
    const changes = fold(...before, again);
    expect([...changes.volumes.values()]).toMatchObject([{ state: 'kept' }]);
    const last = changes.entries.findLast(({ kind }) => kind === 'decided');
    expect(JSON.parse(last?.body ?? '')).toMatchObject({ takesUp: [{ name: 'web-2' }] });
  });

  test('a disk that was taken up again is at risk anew, and its old line does not doom it', () => {
    const before = [...scaledIn.slice(0, -1), kept('scale-in'), settled(anEffect(1, 0), 'applied')];
    const scaled = fold(...before, decidedDeletes(4, ['web-2']));
    expect([...scaled.volumes.values()]).toMatchObject([
      { state: 'at risk', applied: false, cause: 'scale-in 3 → 1' },
    ]);
    const refused = [decidedDeletes(4, ['web-2']), settled(anEffect(4, 0), 'refused')];
    expect([...fold(...before, ...refused).volumes.values()]).toMatchObject([{ state: 'kept' }]);
  });

  test('a disk that somebody deletes from under a living member is not laid to an earlier scale-in', () => {
    const earlier = [seen(aPool(3)), ...threeVms, ...sawDisk('web-0'), seen(aPool(2))];
    const [volume] = fold(...earlier, claimGone('web-0')).volumes.values();
    expect(volume).toMatchObject({ cause: 'deleted outside Rollcall', state: 'gone' });
    expect(volume).not.toHaveProperty('activity');
  });

  test('a disk goes with the member that somebody deleted, though it was replaced since', () => {
    const changes = fold(
      seen(aPool(4)),
      ...threeVms,
      ...sawDisk('web-0'),
      seen(aPool(3)),
      sawVm('web-0', { deleting: true }),
      gone('VirtualMachine', 'web-0'),
      sawVm('web-0', { uid: 'web-0-new' }),
      claimGone('web-0'),
    );
    const lost = [...changes.activities.values()].find(
      ({ operation }) => operation === 'member-replaced',
    );
    expect([...changes.volumes.values()]).toMatchObject([{ activity: lost?.id }]);
  });

  test('a scale-in is laid to the size that it was decided by, not to one that came since', () => {
    const at = (size: number, generation: number) => {
      const pool = aPool(size);
      return seen({ ...pool, meta: { ...pool.meta, generation } });
    };
    const decision = decidedDeletes(1, ['web-2']);
    const changes = fold(at(3, 1), ...threeVms, ...sawDisk('web-2'), at(1, 2), at(8, 3), {
      ...decision,
      set: { ...poolRef, generation: 2 },
    });
    const smaller = [...changes.activities.values()].find(({ to }) => to === 1);
    expect([...changes.volumes.values()]).toMatchObject([
      { cause: 'scale-in 3 → 1', activity: smaller?.id },
    ]);
  });

  test('a disk that went before its command came to nothing was not taken by it', () => {
    const changes = fold(
      ...scaledIn,
      gone('VirtualMachine', 'web-2'),
      claimGone('web-2'),
      settled(anEffect(1, 0), 'stale'),
    );
    const [volume] = changes.volumes.values();
    expect(volume).toMatchObject({ cause: 'deleted outside Rollcall', state: 'gone' });
    expect(volume).not.toHaveProperty('decision');
    const told = changes.entries.filter(({ kind }) => kind === 'disk-gone');
    expect(told.map(({ body }) => JSON.parse(body).corrects)).toEqual([undefined, anEffect(1, 0)]);
  });

  test.each([
    ['heal', 'member healed'],
    ['replace', 'member replaced by an update'],
    ['surge', 'extra member of a roll-out removed'],
  ] as const)('the purpose %s is told as the cause: %s', (purpose, cause) => {
    const removed = decidedDeletes(1, ['web-2'], { purpose });
    const [volume] = fold(...scaledIn.slice(0, -1), removed).volumes.values();
    expect(volume).toMatchObject({ cause, state: 'at risk' });
  });

  test('letting go of a member that we delete keeps the cause', () => {
    const freed = decidedDeletes(2, ['web-2'], { verb: 'free-member', purpose: 'free' });
    const [volume] = fold(...scaledIn, sawVm('web-2', { deleting: true }), freed).volumes.values();
    expect(volume).toMatchObject({ cause: 'scale-in 3 → 1', effect: anEffect(2, 0) });
  });

  test('a disk that others delete is told with the chain that it hung on, even after its owners', () => {
    const changes = fold(
      seen(aPool(1)),
      sawVm('web-0'),
      ...sawDisk('web-0'),
      gone('VirtualMachine', 'web-0'),
      gone('DataVolume', 'web-0-disk', 'web-0-disk-dv'),
      claimGone('web-0'),
    );
    expect([...changes.volumes.values()]).toMatchObject([
      {
        cause: 'deleted outside Rollcall',
        member: { name: 'web-0', uid: 'web-0-uid' },
        ordinal: 0,
        set: { name: 'web', uid: 'web-uid' },
        dataVolume: { uid: 'web-0-disk-dv' },
        storageClass: 'fast',
        state: 'gone',
      },
    ]);
  });

  test('a claim that others delete while it is in use is told at once, and keeps that cause', () => {
    const deletedInUse = [
      seen(aPool(1)),
      sawVm('web-0'),
      ...sawDisk('web-0'),
      ...sawDisk('web-0', { deleting: true }),
    ];
    const [going] = fold(...deletedInUse).volumes.values();
    expect(going).toMatchObject({ cause: 'deleted outside Rollcall', state: 'at risk' });
    const later = [decidedDeletes(1, ['web-0'], { purpose: 'retire' }), claimGone('web-0')];
    const [vanished] = fold(...deletedInUse, ...later).volumes.values();
    expect(vanished).toMatchObject({ cause: 'deleted outside Rollcall', state: 'gone' });
    const stale = fold(
      ...deletedInUse,
      decidedDeletes(1, ['web-0']),
      settled(anEffect(1, 0), 'stale'),
    );
    expect([...stale.volumes.values()][0]?.state).toBe('at risk');
  });

  test('a claim that terminates after our command keeps the cause of the command', () => {
    const [volume] = fold(...scaledIn, ...sawDisk('web-2', { deleting: true })).volumes.values();
    expect(volume).toMatchObject({ cause: 'scale-in 3 → 1' });
  });

  test('a claim that has nothing to do with a set is not in the book', () => {
    expect(fold(gone('PersistentVolumeClaim', 'other')).entries).toEqual([]);
  });

  test('advice endangers nothing', () => {
    const advised = { ...decidedDeletes(1, ['web-2']), mode: 'advise' } as const;
    const changes = fold(seen(aPool(3)), ...threeVms, advised);
    expect(changes.volumes.size).toBe(0);
    expect(changes.entries.at(-1)?.kind).toBe('decided');
  });
});

describe('surveys', () => {
  const bracket = { kind: 'VirtualMachine', id: 'survey-1' } as const;

  function surveyed(count: number): LogRecord {
    return { type: 'surveyed', ...bracket, count, resourceVersion: currentVersion() };
  }

  test('what a whole survey does not tell of has gone, with a gap', () => {
    const changes = fold(
      seen(aPool(2)),
      sawVm('web-0'),
      sawVm('web-1'),
      { type: 'survey-began', ...bracket },
      sawVm('web-0', { survey: 'survey-1' }),
      surveyed(1),
    );
    expect(history(changes)[1]).toBe('member-replaced web-1 → ? running gap');
  });

  test('a survey of which a record is missing proves nothing', () => {
    const changes = fold(
      seen(aPool(2)),
      sawVm('web-0'),
      sawVm('web-1'),
      { type: 'survey-began', ...bracket },
      surveyed(2),
    );
    expect(history(changes)).toEqual(['created – → 2 done']);
  });

  test('what was seen after the version of the survey is not missed by it', () => {
    const close = surveyed(0);
    const changes = fold(
      { type: 'survey-began', ...bracket },
      seen(aPool(1)),
      sawVm('web-0'),
      close,
    );
    expect(history(changes)).toEqual(['created – → 1 done']);
  });
});

test('every outcome is a line, with what it came to', () => {
  const [entry] = fold(settled(anEffect(1, 0), 'refused')).entries;
  expect(entry).toMatchObject({ kind: 'settled', sequence: 1, streamSequence: 1, part: 0 });
  expect(JSON.parse(entry?.body ?? '')).toMatchObject({ outcome: 'refused', name: 'web-2' });
});
