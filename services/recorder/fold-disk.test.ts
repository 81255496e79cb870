import { describe, expect, test } from 'vitest';
import type { EndangeredDisk } from '#shared/contract/commands.ts';
import { uid } from '#shared/contract/ids.ts';
import type { Decided, LogRecord } from '#shared/contract/records.ts';
import {
  aPool,
  anEffect,
  began,
  claimGone,
  decidedCreates,
  decidedDeletes,
  gone,
  sawDisk,
  sawVm,
  seen,
  settled,
  shard,
} from '#test/integration/book-story.ts';
import { addChanges, noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldRecord } from './fold.ts';
import { rememberGoneMs } from './load-state.ts';
import { emptyState, forgetGone } from './state.ts';

const aDay = 'a day';

/** Folds a log of one record each second, in which days may pass. */
function fold(...story: readonly (LogRecord | typeof aDay)[]): Changes {
  const state = emptyState();
  const all = noChanges();
  let at = began - 1_000;
  let sequence = 0;
  for (const one of story) {
    if (one === aDay) {
      at += rememberGoneMs;
      forgetGone(state, at - rememberGoneMs);
      continue;
    }
    at += 1_000;
    sequence += 1;
    const arrival = { lineage: '0123abcd', sequence, at, shard, part: 0 };
    addChanges(all, foldRecord(state, arrival, one));
  }
  return all;
}

function rows(changes: Changes) {
  return [...changes.volumes.values()];
}

/** The bodies of the lines of a kind. */
function told(changes: Changes, kind: string): readonly unknown[] {
  return changes.entries.filter((entry) => entry.kind === kind).map(({ body }) => JSON.parse(body));
}

const scaledIn = [
  seen(aPool(3)),
  ...['web-0', 'web-1', 'web-2'].map((name) => sawVm(name)),
  ...sawDisk('web-2'),
  seen(aPool(1)),
];

/** A decision whose disks are as a reconciler knows them. */
function deleting(
  plan: number,
  disks: readonly EndangeredDisk[],
  {
    verb = 'delete-member',
    keepDisks,
  }: { verb?: 'delete-member' | 'free-member'; keepDisks?: true } = {},
): Decided {
  const decision = decidedDeletes(plan, ['web-2'], { verb });
  return {
    ...decision,
    commands: decision.commands.map((command) => {
      if (command.verb === 'free-member') return { ...command, disks: [...disks] };
      if (command.verb !== 'delete-member') return command;
      return { ...command, disks: [...disks], ...(keepDisks && { keepDisks }) };
    }),
  };
}

const member = { name: 'web-2', uid: uid('web-2-uid'), ordinal: 2 };
const dataVolume = { name: 'web-2-disk', uid: uid('web-2-disk-dv') };
const claim = { name: 'web-2-disk', uid: uid('web-2-disk-pvc') };

/** A DataVolume, and its claim or volume where they are asked for; without owners once it is kept. */
function sawOf(
  kind: 'DataVolume' | 'PersistentVolumeClaim',
  given: { readonly name?: string; readonly isKept?: true } = {},
): LogRecord {
  const found = sawDisk('web-2').find((one) => one.type === 'observed' && one.object.kind === kind);
  if (found?.type !== 'observed') throw new Error(`no ${kind}`);
  const { name = found.object.meta.name, isKept } = given;
  const owners = isKept === true ? [] : found.object.meta.owners;
  const object = { ...found.object, meta: { ...found.object.meta, name, owners } };
  return { ...found, object };
}

describe('a disk that was kept and is deleted by somebody later', () => {
  const kept = [
    ...scaledIn,
    deleting(1, [{ claim, dataVolume, member }], { keepDisks: true }),
    sawVm('web-2', { deleting: true }),
    settled(anEffect(1, 0), 'applied'),
    sawOf('DataVolume', { isKept: true }),
    gone('VirtualMachine', 'web-2'),
  ];
  const decidedAt = scaledIn.length + 1;

  test.each([
    ['at once', []],
    ['days later', [aDay, aDay] as const],
    ['when the set is long gone', [gone('VirtualMachinePool', 'web'), aDay, aDay] as const],
  ])('is told to be lost outside Rollcall, and by what it had been kept: %s', (_when, pause) => {
    const changes = fold(...kept, ...pause, claimGone('web-2'));
    const [row, ...others] = rows(changes);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      key: 'web-2-disk-pvc',
      state: 'gone',
      cause: 'deleted outside Rollcall',
      because: 'it had been kept: scale-in 3 → 1',
      set: { name: 'web' },
      member: { name: 'web-2' },
      dataVolume,
    });
    // Nothing that it did not go with: who deleted it is asked of its own deletion.
    expect(row).not.toHaveProperty('activity');
    expect(row).not.toHaveProperty('decision');
    expect(told(changes, 'disk-gone')).toMatchObject([
      { kept: { cause: 'kept: scale-in 3 → 1', decision: decidedAt, effect: anEffect(1, 0) } },
    ]);
  });

  test('is told as soon as its deletion is asked for', () => {
    const going = sawDisk('web-2', { deleting: true }).filter(
      (one) => one.type === 'observed' && one.object.kind === 'PersistentVolumeClaim',
    );
    const changes = fold(...kept, aDay, aDay, ...going);
    expect(rows(changes)).toMatchObject([
      { state: 'at risk', cause: 'deleted outside Rollcall', applied: true },
    ]);
    expect(told(changes, 'disk-going')).toMatchObject([{ kept: { decision: decidedAt } }]);
    const after = fold(...kept, aDay, aDay, ...going, claimGone('web-2'));
    expect(rows(after)).toMatchObject([
      { state: 'gone', because: 'it had been kept: scale-in 3 → 1' },
    ]);
  });

  test('goes with its member where somebody deletes that one before the disk is free', () => {
    const changes = fold(
      ...scaledIn.slice(0, -1),
      deleting(1, [{ claim, dataVolume, member }]),
      settled(anEffect(1, 0), 'stale'),
      sawVm('web-2', { deleting: true }),
      gone('VirtualMachine', 'web-2'),
      claimGone('web-2'),
    );
    const lost = [...changes.activities.values()].find(
      ({ operation }) => operation === 'member-replaced',
    );
    expect(lost).toBeDefined();
    expect(rows(changes)).toMatchObject([{ state: 'gone', activity: lost?.id }]);
  });
});

describe('a disk of which only the DataVolume is known', () => {
  const early = [...scaledIn.filter((one) => !isDisk(one)), sawOf('DataVolume')];
  const atRisk = [...early, deleting(1, [{ dataVolume, member }])];

  test('is one row, whatever its claim is called and whenever it is seen', () => {
    const otherName = { ...claim, name: 'prime-4711' };
    const seenLater = sawOf('PersistentVolumeClaim', { name: otherName.name });
    const freed = deleting(2, [{ claim: otherName, dataVolume, member }], { verb: 'free-member' });
    for (const story of [
      [...atRisk, seenLater],
      [...atRisk, freed],
      [...atRisk, freed, seenLater],
      [...atRisk, seenLater, freed],
      [...early, seenLater, deleting(1, [{ dataVolume, member }]), freed],
    ]) {
      expect(rows(fold(...story))).toMatchObject([
        { state: 'at risk', cause: 'scale-in 3 → 1', dataVolume, claim: otherName },
      ]);
      const vanished = gone('PersistentVolumeClaim', otherName.name, otherName.uid);
      const changes = fold(...story, gone('DataVolume', dataVolume.name, dataVolume.uid), vanished);
      expect(rows(changes)).toMatchObject([
        { state: 'gone', cause: 'scale-in 3 → 1', dataVolume, claim: otherName },
      ]);
      expect(told(changes, 'disk-gone')).toHaveLength(1);
    }
  });

  test('ends with the DataVolume where there never was a claim', () => {
    const changes = fold(...atRisk, gone('DataVolume', dataVolume.name, dataVolume.uid));
    expect(rows(changes)).toMatchObject([{ state: 'gone', cause: 'scale-in 3 → 1', dataVolume }]);
    expect(told(changes, 'disk-gone')).toMatchObject([{ dataVolume, gap: false }]);
  });

  test('is there after all when its claim is seen after the end of the DataVolume', () => {
    const story = [
      ...atRisk,
      gone('DataVolume', dataVolume.name, dataVolume.uid),
      sawOf('PersistentVolumeClaim'),
    ];
    const [row] = rows(fold(...story));
    expect(row).toMatchObject({ state: 'at risk', claim });
    expect(row).not.toHaveProperty('goneAt');
    expect(rows(fold(...story, claimGone('web-2')))).toMatchObject([{ state: 'gone', claim }]);
  });

  test('that is kept gets its claim, and is no second disk when it is endangered again', () => {
    const preserve: Decided = {
      ...decidedCreates(1, []),
      commands: [
        {
          ...{ verb: 'preserve-disk', effect: anEffect(1, 0), because: 'kept', member },
          member: { name: member.name, uid: member.uid },
          disk: { kind: 'DataVolume', ...dataVolume },
        },
      ],
    };
    const other = sawOf('PersistentVolumeClaim', { name: 'other' });
    const named = { ...claim, name: 'other' };
    for (const story of [
      [...early, preserve, other],
      [...early, other, preserve],
    ]) {
      expect(rows(fold(...story))).toMatchObject([{ state: 'kept', claim: named, dataVolume }]);
      expect(
        rows(fold(...story, deleting(2, [{ claim: named, dataVolume, member }]))),
      ).toMatchObject([{ state: 'at risk', claim: named, dataVolume }]);
    }
  });

  test('is another disk when the DataVolume makes a second claim', () => {
    const second = { name: claim.name, uid: uid('web-2-disk-second') };
    const changes = fold(
      ...early,
      sawOf('PersistentVolumeClaim'),
      deleting(1, [{ claim, dataVolume, member }]),
      claimGone('web-2'),
      deleting(2, [{ claim: second, dataVolume, member }]),
    );
    expect(rows(changes)).toMatchObject([
      { key: claim.uid, state: 'gone' },
      { key: second.uid, state: 'at risk' },
    ]);
  });
});

function isDisk(one: LogRecord): boolean {
  return one.type === 'observed' && /Volume|Claim/.test(one.object.kind);
}
