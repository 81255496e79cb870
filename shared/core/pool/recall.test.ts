import { describe, expect, test } from 'vitest';
import type { Observable } from '#shared/contract/objects.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aDigest,
  aPool,
  aRevision,
  aTemplate,
  aTemplateWithDisks,
  aVm,
  aVmi,
  aVmWithDisk,
  later,
  terminating,
} from '../testing/objects.ts';

/** What becomes of removals that are decided when somebody then says that disks stay. */

const policy = (value: string) => ({ annotations: { 'rollcall.dev/scale-in-disks': value } });
const template = aTemplateWithDisks('data');

function three(options: Parameters<typeof aPool>[0] = {}): Story {
  const revision = aRevision({ digest: template.digest });
  const members = [0, 1, 2].flatMap((at) => aVmWithDisk(`web-${at}`, `data-${at}`));
  return given(aPool({ template, ...options }), revision, ...members).rests();
}

function partOf(ordinal: number, at: number): Observable {
  const found = aVmWithDisk(`web-${ordinal}`, `data-${ordinal}`)[at];
  if (found === undefined) throw new Error('no such object');
  return found;
}

const vmOf = (ordinal: number): Observable => partOf(ordinal, 0);
const ownerless = (ordinal: number): Observable => later(partOf(ordinal, 1), { owners: [] });

const removes = { verb: 'delete-member', member: { name: 'web-2' }, purpose: 'scale-in' } as const;
const keeps = { verb: 'preserve-disk', disk: { name: 'data-2' } } as const;
const frees = { verb: 'free-member', member: { name: 'web-2' } } as const;

function effectsOf(story: Story): readonly string[] {
  return story.plan?.commands.map(({ effect }) => effect) ?? [];
}

describe('a scale-in that takes its disks along, when the pool then says keep,', () => {
  test('is called back where it has not begun, and done anew so that disks stay', () => {
    const story = three().scales(2).decides(removes);
    const [effect] = effectsOf(story);
    story.changes({ replicas: 2 }, policy('keep')).decides();
    expect(story.plan?.withdraws).toEqual([effect]);
    story.rests().settles('delete-member', { outcome: 'withdrawn' });
    story.decides({ ...removes, keepDisks: true });
  });

  test('is called back also while the pool is paused', () => {
    const story = three().scales(2).decides(removes);
    const [effect] = effectsOf(story);
    story.changes({ replicas: 2, paused: true }, policy('keep')).decides();
    expect(story.plan?.withdraws).toEqual([effect]);
  });

  test('keeps the disks of a machine that is going and was not let go yet', () => {
    const story = three().scales(2).decides(removes);
    story
      .changes({ replicas: 2 }, policy('keep'))
      .sees(terminating(vmOf(2)))
      .decides(keeps);
    story.sees(ownerless(2)).decides({ ...frees, disks: [] });
  });

  test('calls a letting go back that has not begun', () => {
    const story = three()
      .scales(2)
      .decides(removes)
      .sees(terminating(vmOf(2)))
      .decides(frees);
    const [effect] = effectsOf(story);
    story.changes({ replicas: 2 }, policy('keep')).decides();
    expect(story.plan?.withdraws).toEqual([effect]);
    story.settles('free-member', { outcome: 'withdrawn' }).decides(keeps);
  });

  test('is not called back twice', () => {
    const story = three().scales(2).decides(removes);
    story.changes({ replicas: 2 }, policy('keep')).decides();
    story.rests();
  });
});

test('a scale-in that keeps disks goes on when the pool then says delete', () => {
  const story = three(policy('keep'))
    .scales(2)
    .decides({ ...removes, keepDisks: true });
  story.changes({ replicas: 2 }, policy('delete')).rests();
  story
    .sees(terminating(vmOf(2)))
    .decides(keeps)
    .sees(ownerless(2))
    .decides(frees);
});

test('a scale-in goes on when the strategy says to lose disks, whatever the annotation says', () => {
  const scaleIn = { type: 'proactive', preservation: 'Disabled' } as const;
  const story = three({ scaleIn }).scales(2).decides(removes);
  story.changes({ replicas: 2, scaleIn }, policy('keep')).rests();
});

test('the removal of a machine that then says itself that its disks stay is called back', () => {
  const story = three().scales(2).decides(removes);
  const [effect] = effectsOf(story);
  story.sees(later(vmOf(2), { annotations: { 'rollcall.dev/keep-disks': 'true' } })).decides();
  expect(story.plan?.withdraws).toEqual([effect]);
});

describe('a replacement of disks, when nobody names its revision any more,', () => {
  const newDisks = { ...aDigest(), volumes: { root: aDigest('v2').vmiSpec ?? '' } };
  const named = { annotations: { 'rollcall.dev/replace-disks': 'web-2' } };
  const vm = aVm('web-0');
  const running = [vm, aVmi('web-0', { owner: vm })];
  const replaces = { verb: 'delete-member', purpose: 'replace', revision: 'web-2' } as const;

  function replacing(): Story {
    const pool = aPool({ replicas: 1, template: aTemplate({ digest: newDisks }), ...named });
    const newer = aRevision({ name: 'web-2', digest: newDisks, revision: 2 });
    return given(pool, aRevision(), newer, ...running).decides(replaces);
  }

  test.each([
    ['taken off', {}],
    ['of another revision', { 'rollcall.dev/replace-disks': 'web-1' }],
  ])('is called back where it has not begun: the annotation is %s', (_, annotations) => {
    const story = replacing();
    const [effect] = effectsOf(story);
    const pool = story.view.objects.get(story.uid);
    if (pool === undefined) throw new Error('no pool');
    story.sees(later(pool, { annotations })).decides();
    expect(story.plan?.withdraws).toEqual([effect]);
    story.settles('delete-member', { outcome: 'withdrawn' }).tells('DiskReplacementHeld').rests();
  });

  test('is finished where the machine is going: what it leaves would stand in the way of the new disks', () => {
    const story = replacing().settles('delete-member').sees(terminating(vm));
    const pool = story.view.objects.get(story.uid);
    if (pool === undefined) throw new Error('no pool');
    story.sees(later(pool, { annotations: {} }));
    story.decides({ verb: 'free-member', purpose: 'replace' });
  });
});
