import { describe, expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import type { Observable, Pool, TemplateDigest, Vmi } from '#shared/contract/objects.ts';
import { extraAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aDigest,
  aPool,
  aRevision,
  aTemplate,
  aVm,
  aVmi,
  later,
  terminating,
  vms,
} from '../testing/objects.ts';

const { spec: changed = '' } = aDigest('v2');
const v1 = aDigest();
const hardware: TemplateDigest = { ...v1, vmiSpec: changed };
const labelsOnly: TemplateDigest = { ...v1, metadata: changed };
const newDisks: TemplateDigest = { ...v1, volumes: { root: changed } };

/** The running instance of a VM, made from a revision. */
function instance(name: string, revision = 'web-1', options: Parameters<typeof aVmi>[1] = {}): Vmi {
  const owner = aVm(name);
  return aVmi(name, {
    owner,
    labels: { [revisionLabel]: revision },
    createdAt: '2026-01-01T00:00:00Z',
    ...options,
  });
}

const names = ['web-0', 'web-1', 'web-2'];

/** A pool of three that run what the first revision says. */
function running(options: Parameters<typeof aPool>[0] = {}): Story {
  return given(
    aPool(options),
    aRevision(),
    ...names.map((name) => aVm(name)),
    ...names.map((name) => instance(name)),
  ).rests();
}

/** The template becomes another one, which a second revision keeps. */
function edited(story: Story, digest: TemplateDigest, fields: Partial<Pool> = {}): Story {
  return story
    .changes({ template: aTemplate({ digest }), ...fields })
    .decides({ verb: 'create-revision', name: 'web-2' })
    .settles('create-revision', { version: 2000 })
    .sees(aRevision({ name: 'web-2', digest, revision: 2, version: 2000 }));
}

/** The updates come through: VMs carry the new revision. */
function updated(story: Story, ...which: readonly string[]): Story {
  story.settles('update-vm', { version: 3000 });
  return story.sees(...which.map((name) => aVm(name, { revision: 'web-2', version: 3000 })));
}

const update = (name: string) =>
  ({ verb: 'update-vm', member: { name }, revision: 'web-2', from: 'web-1' }) as const;
const restart = (name: string) => ({ verb: 'restart-member', instance: { name } }) as const;

test('updates every VM at once after a change, then restarts what runs', () => {
  const story = edited(running(), hardware).decides(...names.map(update));
  expect(story.plan?.template).toEqual(hardware);
  updated(story, ...names).decides(...names.map(restart));
  story.rests();
});

test('only relabels the instance where nothing in it has changed, and takes none down', () => {
  const story = updated(edited(running(), labelsOnly).decides(...names.map(update)), ...names);
  story.decides(
    ...names.map((name) => ({
      verb: 'label-instance' as const,
      instance: { name },
      revision: 'web-2',
    })),
  );
});

test('a change of the size makes no revision and touches no member', () => {
  running().scales(3).rests();
});

test('takes down no more than maxUnavailable, and the next when one is ready again', () => {
  const story = edited(running({ maxUnavailable: 1 }), hardware).decides(...names.map(update));
  updated(story, ...names)
    .decides(restart('web-0'))
    .rests();
  const gone = instance('web-0');
  story.sees(terminating(gone)).rests().loses(gone).rests();
  story.sees(instance('web-0', 'web-2', { uid: 'web-0-again' }));
  story.decides(restart('web-1'));
});

test.each([
  ['50%', 2],
  ['34%', 1],
  ['1%', 1],
  [2, 2],
])('reads maxUnavailable %s of four as %i at a time', (maxUnavailable, count) => {
  const four = [...names, 'web-3'];
  const story = given(
    aPool({ replicas: 4, maxUnavailable }),
    aRevision(),
    ...four.map((name) => aVm(name)),
    ...four.map((name) => instance(name)),
  ).rests();
  edited(story, hardware).decides(...four.map(update));
  updated(story, ...four).acts();
  expect(story.plan?.commands.filter(({ verb }) => verb === 'restart-member')).toHaveLength(count);
});

test('restarts members that are not ready at once, outside of the limit', () => {
  const story = given(
    aPool({ maxUnavailable: 1 }),
    aRevision(),
    aVm('web-0'),
    aVm('web-1', { ready: { status: 'False' } }),
    aVm('web-2'),
    instance('web-0'),
    instance('web-1', 'web-1', { ready: { status: 'False' } }),
    instance('web-2'),
  ).rests();
  edited(story, hardware).decides(...names.map(update));
  story.settles('update-vm', { version: 3000 });
  story.sees(
    aVm('web-0', { revision: 'web-2', version: 3000 }),
    aVm('web-1', { revision: 'web-2', version: 3000, ready: { status: 'False' } }),
    aVm('web-2', { revision: 'web-2', version: 3000 }),
  );
  story.decides(restart('web-1')).rests();
});

test.each(['opportunistic', 'unmanaged', 'on-delete'] as const)(
  'restarts nothing under the strategy %s',
  (type) => {
    const story = running({ update: { type } });
    if (type === 'opportunistic') {
      updated(edited(story, hardware).decides(...names.map(update)), ...names).rests();
    } else {
      story.changes({ template: aTemplate({ digest: hardware }) }).rests();
    }
  },
);

test('a VM that is deleted under OnDelete comes back from the new template', () => {
  const story = running({ update: { type: 'on-delete' } });
  const zero = aVm('web-0');
  story.changes({ template: aTemplate({ digest: hardware }) }).rests();
  story.sees(terminating(zero)).decides({ verb: 'free-member', purpose: 'free' }).loses(zero);
  story.decides({ verb: 'create-revision', name: 'web-2' });
  story.settles('create-revision', { version: 2000 });
  story.sees(aRevision({ name: 'web-2', digest: hardware, revision: 2, version: 2000 }));
  story.decides({ verb: 'create-vm', name: 'web-0', revision: 'web-2' });
});

test('touches only members that the selectors match', () => {
  const selection = { labels: { matchLabels: { zone: 'edge' } } };
  const story = given(
    aPool({ update: { type: 'proactive', selection } }),
    aRevision(),
    aVm('web-0', { vmiLabels: { zone: 'edge' } }),
    aVm('web-1'),
    aVm('web-2'),
  ).rests();
  edited(story, hardware).decides(update('web-0'));
});

const replaced = { verb: 'delete-member', purpose: 'replace' } as const;

test('holds new disks until the annotation names the revision, then replaces the members', () => {
  const story = running({ maxUnavailable: 1 });
  story
    .changes({ template: aTemplate({ digest: newDisks }) })
    .tells('DiskReplacementHeld')
    .decides({ verb: 'create-revision', name: 'web-2' })
    .settles('create-revision', { version: 2000 })
    .sees(aRevision({ name: 'web-2', digest: newDisks, revision: 2, version: 2000 }))
    .rests()
    .changes({}, { annotations: { 'rollcall.dev/replace-disks': 'web-2' } });
  story.tells(undefined).decides({
    verb: 'delete-member',
    member: { name: 'web-0' },
    purpose: 'replace',
  });
  expect(story.plan?.commands[0]).not.toHaveProperty('keepDisks');
  story.rests();
  story
    .sees(terminating(aVm('web-0')))
    .decides({ verb: 'free-member', purpose: 'replace' })
    .rests();
});

describe('of a pool that has members too many', () => {
  const named = { annotations: { 'rollcall.dev/replace-disks': 'web-2' } };
  const revisions = [aRevision(), aRevision({ name: 'web-2', digest: newDisks, revision: 2 })];
  const template = aTemplate({ digest: newDisks });

  test('no disks are replaced while the guard against mass deletion holds its scale-in', () => {
    const many = vms(0, 20);
    given(aPool({ replicas: 3, template, ...named }), ...revisions, ...many)
      .tells('MassDeleteBlocked')
      .rests();
  });

  test('no disks are replaced while nothing takes the surplus away, and that is told', () => {
    const scaleIn = { type: 'unmanaged' } as const;
    const pool = aPool({ replicas: 2, template, scaleIn, ...named });
    const running = names.map((name) => instance(name));
    const story = given(pool, ...revisions, ...vms(0, 3), ...running);
    story.tells(
      'DiskReplacementHeld',
      'the disks of 3 members are replaced once the pool is at its size: it has 1 too many',
    );
    story.rests().scales(3).tells(undefined);
    story.decides(...names.map((name) => ({ ...replaced, member: { name } })));
  });
});

test('halts when an updated member does not become ready in time, and says so', () => {
  const story = edited(running({ maxUnavailable: 1 }), hardware).decides(...names.map(update));
  updated(story, ...names).decides(restart('web-0'));
  const gone = instance('web-0');
  story.loses(gone);
  const ready = { status: 'False' };
  story.sees(
    instance('web-0', 'web-2', { uid: 'web-0-again', ready }),
    aVm('web-0', { revision: 'web-2', version: 3001, ready }),
  );
  story.rests().after(1000).rests().waitsUntil(600_000);
  story.after(599_000).acts();
  expect(story.status?.conditions).toMatchObject([
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
  ]);
  story.shows().rests();
});

test('goes on when the template that does not come up is changed again', () => {
  const ready = { status: 'False' };
  const third: TemplateDigest = { ...v1, vmiSpec: aDigest('v3').vmiSpec };
  const story = given(
    aPool({ maxUnavailable: 1, template: aTemplate({ digest: hardware }) }),
    aRevision(),
    aRevision({ name: 'web-2', digest: hardware, revision: 2 }),
    aVm('web-0', { revision: 'web-2', ready }),
    aVm('web-1'),
    aVm('web-2'),
    instance('web-0', 'web-2', { ready }),
    instance('web-1'),
    instance('web-2'),
  );
  story.after(600_000).acts();
  story.changes({ template: aTemplate({ digest: third }) }, { generation: 3 });
  story.decides({ verb: 'create-revision', name: 'web-3' });
});

test('makes extra members first under maxSurge, and takes them away last', () => {
  const story = running({ update: { type: 'proactive', maxUnavailable: 0, maxSurge: 1 } });
  edited(story, hardware).decides({
    verb: 'create-vm',
    name: 'web-3',
    revision: 'web-2',
    extra: true,
  });
  story.because('1 short of 4, 1 of them extra for the roll-out').decides(...names.map(update));
  updated(story, ...names).rests();
  const extra = aVm('web-3', { revision: 'web-2', effect: effectOf(story, 'web-3') });
  story.sees(extra).rests().sees(instanceOf(extra));
  story.decides(restart('web-0'));
});

test('keeps the extra member until all others are back, then takes it', () => {
  const ready = { status: 'False' };
  const effect = '0a0b0c0d.1.1.0';
  const extra = { effect, annotations: { [extraAnnotation]: effect } };
  const last = aVm('web-2', { revision: 'web-2', ready });
  const story = given(
    aPool({
      template: aTemplate({ digest: hardware }),
      update: { type: 'proactive', maxUnavailable: 0, maxSurge: 1 },
    }),
    aRevision({ name: 'web-2', digest: hardware, revision: 2 }),
    ...[aVm('web-0', { revision: 'web-2' }), aVm('web-1', { revision: 'web-2' }), last],
    aVm('web-3', { revision: 'web-2', ...extra }),
    ...['web-0', 'web-1', 'web-3'].map((name) => instance(name, 'web-2')),
  ).rests();
  story.sees(instance('web-2', 'web-2'), later(last, {}, { ready: { status: 'True' } }));
  story.decides({ verb: 'delete-member', member: { name: 'web-3' }, purpose: 'surge' });
});

test('does not read a digest under another key as a change', () => {
  given(
    aPool(),
    aRevision({ digest: aDigest('v1', 'older-key') }),
    ...names.map((name) => aVm(name)),
  ).rests();
});

test('keeps ten different templates to go back to, and what members were made from', () => {
  const revisions = Array.from({ length: 13 }, (_, at) =>
    aRevision({ name: `web-${at + 1}`, revision: at + 1, digest: aDigest(`v${at + 1}`) }),
  );
  given(
    aPool({ template: aTemplate({ digest: aDigest('v13') }), update: { type: 'unmanaged' } }),
    ...revisions,
    ...names.map((name) => aVm(name)),
  ).decides({ verb: 'delete-revision', name: 'web-2' }, { verb: 'delete-revision', name: 'web-3' });
});

test('writes an earlier template back when the annotation names its revision', () => {
  running()
    .changes({}, { annotations: { 'rollcall.dev/rollback-to': 'web-1' } })
    .decides({ verb: 'roll-back', revision: { name: 'web-1' } });
});

test('says that there is no such revision to go back to', () => {
  const story = running();
  story
    .after(1000)
    .changes({}, { annotations: { 'rollcall.dev/rollback-to': 'web-77' } })
    .acts();
  expect(story.status?.conditions).toMatchObject([{ reason: 'FailedRollBack' }]);
});

function instanceOf(vm: Observable): Observable {
  return aVmi(vm.meta.name, { owner: vm, labels: { [revisionLabel]: 'web-2' } });
}

function effectOf(story: Story, name: string): string {
  const found = [...story.view.pending.values()].find(
    ({ command }) => command.verb === 'create-vm' && command.name === name,
  );
  return found?.command.effect ?? uid('none');
}

test('goes in order, whichever update is seen first', () => {
  const story = edited(running({ maxUnavailable: 1 }), hardware).decides(...names.map(update));
  story
    .settles('update-vm', { version: 3000 })
    .sees(aVm('web-1', { revision: 'web-2', version: 3000 }));
  story
    .rests()
    .sees(aVm('web-0', { revision: 'web-2', version: 3000 }))
    .decides(restart('web-0'));
});
