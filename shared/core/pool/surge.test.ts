import { describe, expect, test } from 'vitest';
import { effectId } from '#shared/contract/ids.ts';
import type { Pool, TemplateDigest, Vm } from '#shared/contract/objects.ts';
import { extraAnnotation, replaceDisksAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { fromSnapshot, toSnapshot } from '../snapshot.ts';
import { decide } from '../decide.ts';
import { aMoment, given, lineage, type Story } from '../testing/given.ts';
import {
  aClaim,
  aDataVolume,
  aDigest,
  aForeignVm,
  aPool,
  aRevision,
  aTemplate,
  aTemplateWithDisks,
  aVm,
  aVmi,
  later,
  terminating,
} from '../testing/objects.ts';

const v1 = aDigest();
const hardware: TemplateDigest = { ...v1, vmiSpec: aDigest('v2').vmiSpec };
const newDisks: TemplateDigest = { ...v1, volumes: { root: aDigest('v2').vmiSpec } };
const surging = { type: 'proactive', maxUnavailable: 0, maxSurge: 1 } as const;
const revisions = [aRevision(), aRevision({ name: 'web-2', digest: hardware, revision: 2 })];

const create = (name: string) => ({ verb: 'create-vm', name }) as const;
const createExtra = (name: string) => ({ ...create(name), extra: true }) as const;
const remove = (name: string, purpose = 'surge') =>
  ({ verb: 'delete-member', member: { name }, purpose }) as const;

/** A member that is up to date, or of another revision. */
function member(name: string, revision = 'web-2', options: Parameters<typeof aVm>[1] = {}): Vm {
  return aVm(name, { revision, ...options });
}

/** One that says that it is extra. */
function extra(name: string, revision = 'web-2', options: Parameters<typeof aVm>[1] = {}): Vm {
  const effect = effectId(lineage, { epoch: 1, plan: 9 }, Number(name.slice(-1)));
  const annotations = { ...options.annotations, [extraAnnotation]: effect };
  return member(name, revision, { ...options, effect, annotations });
}

/** A pool on its second template, these members, and what runs: as each member says, but for those named. */
function rolling(
  options: Parameters<typeof aPool>[0],
  members: readonly Vm[],
  behind: readonly string[] = [],
): Story {
  const instances = members
    .filter(({ ready }) => ready?.status === 'True')
    .map((vm) => {
      const revision = behind.includes(vm.meta.name) ? 'web-1' : vm.meta.labels[revisionLabel];
      return aVmi(vm.meta.name, { owner: vm, labels: { [revisionLabel]: revision ?? '' } });
    });
  const template = aTemplate({ digest: hardware });
  const pool = aPool({ template, update: surging, ...options });
  return given(pool, ...revisions, ...members, ...instances);
}

const three = [member('web-0'), member('web-1'), member('web-2')];
const [zero = aVm('none'), one = aVm('none'), two = aVm('none')] = three;
const all = ['web-0', 'web-1', 'web-2'];

describe('while a roll-out goes on', () => {
  test('a member that is deleted comes back on its own ordinal', () => {
    rolling({}, [zero, two, extra('web-3')], all).decides(create('web-1'));
  });

  test('a member and the extra one that are gone come back as what they were', () => {
    const story = rolling({}, [zero, two], all).decides(create('web-1'), createExtra('web-3'));
    expect(story.plan?.commands[0]).not.toHaveProperty('extra');
  });

  test('a member that goes before the extra one is seen comes back as what it was', () => {
    const story = rolling({}, three, all).decides(createExtra('web-3'));
    story.loses(one).decides(create('web-1'));
    expect(story.plan?.commands[0]).not.toHaveProperty('extra');
  });

  test('a member that is made anew with new disks comes back on its own ordinal', () => {
    const digests = [aRevision(), aRevision({ name: 'web-2', digest: newDisks, revision: 2 })];
    const pool = aPool({
      ...{ template: aTemplate({ digest: newDisks }), update: surging },
      annotations: { [replaceDisksAnnotation]: 'web-2' },
    });
    const olds = all.map((name) => member(name, 'web-1'));
    const instances = olds.map((vm) =>
      aVmi(vm.meta.name, { owner: vm, labels: { [revisionLabel]: 'web-1' } }),
    );
    const beside = extra('web-3');
    const its = aVmi('web-3', { owner: beside, labels: { [revisionLabel]: 'web-2' } });
    const story = given(pool, ...digests, ...olds, ...instances, beside, its);
    story.decides(remove('web-0', 'replace'));
    for (const vm of olds.slice(0, 1)) story.sees(terminating(vm)).acts().loses(vm);
    story.decides(create('web-0'));
  });

  test('a template that changes again makes no second extra member', () => {
    const story = rolling({}, [...three, extra('web-3')], all);
    const third: TemplateDigest = { ...v1, vmiSpec: aDigest('v3').vmiSpec };
    story.changes({ template: aTemplate({ digest: third }) });
    story.sees(aRevision({ name: 'web-3', digest: third, revision: 3 })).acts();
    expect(story.plan?.commands.map(({ verb }) => verb)).toEqual(
      expect.not.arrayContaining(['create-vm', 'delete-member']),
    );
  });

  test('an extra member takes no gap that waits for a member', () => {
    const template = aTemplate({ digest: hardware, ...diskOf('data') });
    const other = aForeignVm('other');
    const story = rolling({ template }, [zero, two], ['web-0', 'web-2']);
    story.sees(aDataVolume('data-1', { owner: other })).decides(createExtra('web-3'));
  });
});

describe('when a roll-out ends', () => {
  test.each(['AscendingOrder', 'DescendingOrder', 'Newest', 'Oldest', 'Random'] as const)(
    'the extra member goes, whatever is first by %s',
    (sort) => {
      const old = { createdAt: '2025-01-01T00:00:00Z' };
      const scaleIn = { type: 'proactive', selection: { sort } } as const;
      const members = [...three, extra('web-4', 'web-2', old), member('web-5')];
      rolling({ replicas: 4, scaleIn }, members).decides(remove('web-4'));
    },
  );

  test('the extra member goes though no selector matches it', () => {
    const selection = { labels: { matchLabels: { zone: 'edge' } } };
    const scaleIn = { type: 'proactive', selection } as const;
    rolling({ scaleIn }, [...three, extra('web-3')]).decides(remove('web-3'));
  });

  test('one that goes at the last moment comes back before the extra member goes', () => {
    const story = rolling({}, [zero, extra('web-3'), two]).decides(create('web-1'));
    const created = story.plan?.commands[0]?.effect ?? '';
    const back = member('web-1', 'web-2', { effect: created, uid: 'back' });
    const down = later(back, {}, { ready: { status: 'False' } });
    story.sees(down).rests();
    const its = aVmi('web-1', { owner: back, labels: { [revisionLabel]: 'web-2' } });
    story.sees(its, later(down, {}, { ready: { status: 'True' } })).decides(remove('web-3'));
  });

  test('one that is not made yet is called back, and not whoever comes after it', () => {
    const story = rolling({}, three, all).decides(createExtra('web-3'));
    const effects = story.plan?.commands.map(({ effect }) => effect).slice(0, 1);
    story.loses(one).decides(create('web-1'));
    for (const { meta } of [zero, two]) {
      const owner = member(meta.name);
      const labels = { [revisionLabel]: 'web-2' };
      story.sees(aVmi(meta.name, { owner, labels, version: 20 }));
    }
    story.acts();
    expect(story.plan?.withdraws).toEqual(effects);
  });

  test('an extra member that does not come up itself keeps nobody waiting', () => {
    const down = extra('web-3', 'web-2', { ready: { status: 'False' } });
    rolling({}, [...three, down]).decides(remove('web-3'));
  });

  test('a template that is taken back is not brought to the extra member, which goes', () => {
    const olds = all.map((name) => member(name, 'web-1'));
    const template = aTemplate({ digest: v1 });
    rolling({ template }, [...olds, extra('web-3')]).decides(remove('web-3'));
  });

  test('an extra member and others that lower replicas call for go at once, each for its reason', () => {
    const story = rolling({}, [...three, extra('web-3')], []).acts();
    story.settles('delete-member', { outcome: 'refused', reason: 'Forbidden' });
    story.after(5000).scales(2).decides(remove('web-3'), remove('web-2', 'scale-in'));
    story.because(
      'replicas lowered from 3 to 2: highest ordinal first; and 1 extra for a roll-out and not needed any more',
    );
  });

  test('nobody but the policy chooses where nobody says that it is extra', () => {
    const scaleIn = { type: 'proactive', selection: { sort: 'AscendingOrder' } } as const;
    const copied = {
      annotations: { [extraAnnotation]: effectId(lineage, { epoch: 1, plan: 1 }, 0) },
    };
    const members = [...three, member('web-3', 'web-2', copied)];
    rolling({ scaleIn }, members).decides(remove('web-0', 'scale-in'));
  });
});

describe('of a pool that is scaled while it rolls out', () => {
  test('the extra member becomes one of the others where the pool grows up to it', () => {
    const story = rolling({}, [...three, extra('web-3')], all)
      .acts()
      .scales(4);
    story.decides(createExtra('web-4'));
  });

  test('whoever was extra once is told so, and is not taken for one later', () => {
    const story = rolling({ replicas: 4 }, [...three, extra('web-3')]);
    story.decides({ verb: 'update-vm', member: { name: 'web-3' }, from: 'web-2', stays: true });
    story.because('1 were extra for a roll-out and stay').settles('update-vm', { version: 3000 });
    story.sees(member('web-3', 'web-2', { version: 3000 })).rests();
    const scaleIn = { type: 'proactive', selection: { sort: 'AscendingOrder' } } as const;
    story.changes({ scaleIn, replicas: 3 }).decides(remove('web-0', 'scale-in'));
  });

  test('lower replicas take of the others by the policy, and the extra member stays to the end', () => {
    const scaleIn = { type: 'proactive', selection: { sort: 'AscendingOrder' } } as const;
    const story = rolling({ scaleIn }, [...three, extra('web-3')], all)
      .acts()
      .scales(2);
    story.decides(remove('web-0', 'scale-in'));
  });

  test('two extra members are one too many once less is allowed, and the higher one goes', () => {
    rolling({}, [...three, extra('web-3'), extra('web-4')], all).decides(remove('web-4'));
  });

  test('two extra members where less is allowed and another is missing: the lower one stays for it', () => {
    const story = rolling({}, [zero, two, extra('web-3'), extra('web-4')], ['web-0']);
    story.decides({ verb: 'update-vm', member: { name: 'web-3' }, stays: true });
  });
});

test('where others remove members, whoever they delete makes room, and the extra one stays', () => {
  const scaleIn = { type: 'unmanaged' } as const;
  const story = rolling({ scaleIn }, [...three, extra('web-3')]).rests();
  story.loses(one);
  story.decides({ verb: 'update-vm', member: { name: 'web-3' }, stays: true });
});

describe('for a reconciler that starts in the middle', () => {
  test('the members tell who is extra, though log and snapshots are lost', () => {
    const scaleIn = { type: 'proactive', selection: { sort: 'Oldest' } } as const;
    const members = [...three, extra('web-3')];
    rolling({ scaleIn }, [zero, two, extra('web-3')], all).decides(create('web-1'));
    rolling({ scaleIn }, members).decides(remove('web-3'));
  });

  test('a snapshot tells of an extra member that is coming', () => {
    const story = rolling({}, three, all).acts().loses(one);
    const view = fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(story.view))));
    if (view === undefined) throw new Error('the snapshot is read');
    expect(decide(view, story.uid, aMoment(story.now))).toEqual(story.outcome());
    story.decides(create('web-1'));
  });
});

describe('with disks', () => {
  const template = aTemplate({ digest: hardware, ...diskOf('data') });
  const kept = [aDataVolume('data-3'), aClaim('data-3', { owner: aDataVolume('data-3') })];

  test('an extra member never starts on disks that somebody has kept: they would go with it', () => {
    rolling({ template }, three, all)
      .sees(...kept)
      .decides(createExtra('web-4'));
  });

  test('where scale-in keeps disks an extra member takes them up, and leaves them behind again', () => {
    const scaleIn = { type: 'proactive', preservation: 'Offline' } as const;
    const story = rolling({ template, scaleIn }, three, all).sees(...kept);
    story.decides({ ...createExtra('web-3'), takesUp: [{ dataVolume: { name: 'data-3' } }] });
    rolling({ scaleIn }, [...three, extra('web-3')]).decides({
      ...remove('web-3'),
      keepDisks: true,
    });
  });

  test('an extra member passes over a disk of another owner, for it is not there to stay', () => {
    const story = rolling({ template }, three, all);
    story.sees(aDataVolume('data-3', { owner: aForeignVm('other') })).decides(createExtra('web-4'));
  });

  test.each([
    ['go', {}, false],
    ['stay', { type: 'proactive', preservation: 'Offline' } as const, true],
  ])('those of an extra member that is healed %s as at scale-in', (_, options, isKept) => {
    const ill = { consecutiveFailCount: 9, ready: { status: 'False' } };
    const scaleIn: Pool['scaleIn'] = { type: 'proactive', ...options };
    const story = rolling({ healing: {}, scaleIn }, [...three, extra('web-3', 'web-2', ill)], all);
    story.decides({ verb: 'delete-member', member: { name: 'web-3' }, purpose: 'heal' });
    expect('keepDisks' in (story.plan?.commands[0] ?? {})).toBe(isKept);
  });
});

function diskOf(name: string): Pick<NonNullable<Pool['template']>, 'disks' | 'claims'> {
  const { disks, claims } = aTemplateWithDisks(name);
  return { disks, claims };
}
