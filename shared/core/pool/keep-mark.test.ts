import { describe, expect, test } from 'vitest';
import type { Observable } from '#shared/contract/objects.ts';
import { checkPlan } from '../plan-check.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aDigest,
  aPool,
  aRevision,
  aTemplateWithDisks,
  aVm,
  aVmi,
  aVmWithDisk,
  later,
  terminating,
} from '../testing/objects.ts';

const key = 'rollcall.dev/keep-disks';
const template = aTemplateWithDisks('data');
const revision = aRevision({ digest: template.digest });

function vmAndDisk(ordinal: number, mark?: string): readonly Observable[] {
  const [vm, ...disks] = aVmWithDisk(`web-${ordinal}`, `data-${ordinal}`);
  if (vm === undefined) throw new Error('no VM');
  return [mark === undefined ? vm : later(vm, { annotations: { [key]: mark } }), ...disks];
}

function vmOf(ordinal: number, mark?: string): Observable {
  const [vm] = vmAndDisk(ordinal, mark);
  if (vm === undefined) throw new Error('no VM');
  return vm;
}

function ownerless(ordinal: number): Observable {
  const disk = vmAndDisk(ordinal)[1];
  if (disk === undefined) throw new Error('no disk');
  return later(disk, { owners: [] });
}

/** Pool of three, of which the last one carries the mark. */
function three(mark?: string, options: Parameters<typeof aPool>[0] = {}): Story {
  const members = [...vmAndDisk(0), ...vmAndDisk(1), ...vmAndDisk(2, mark)];
  return given(aPool({ template, ...options }), revision, ...members);
}

function poolOf(story: Story): Observable {
  const pool = story.view.objects.get(story.uid);
  if (pool === undefined) throw new Error('no pool');
  return pool;
}

const member = { name: 'web-2' };
const ours = '0a0b0c0d.7-x1.3.0';
const deletes = { verb: 'delete-member', member } as const;
const keeps = { verb: 'preserve-disk', member, disk: { name: 'data-2' } } as const;
const frees = { verb: 'free-member', member } as const;

describe('a member that is found going, by one who remembers nothing', () => {
  test.each(['true', ours])('leaves its disks behind where it says so: %s', (mark) => {
    three()
      .rests()
      .sees(terminating(vmOf(2, mark)))
      .decides(keeps)
      .sees(ownerless(2))
      .decides({ ...frees, disks: [] });
  });

  test('takes its disks along where it says nothing, or only false', () => {
    for (const mark of [undefined, 'false']) {
      three()
        .sees(terminating(vmOf(2, mark)))
        .decides(frees);
    }
  });

  test('leaves its disks behind also when its pool is being deleted, and told to delete disks', () => {
    const story = three(undefined, { annotations: { 'rollcall.dev/scale-in-disks': 'delete' } });
    story.sees(terminating(vmOf(2, ours)), terminating(poolOf(story)));
    story.decides(keeps);
    story.decides({ ...frees, member: { name: 'web-0' } }, { ...frees, member: { name: 'web-1' } });
  });

  test('hangs on its finalizer while what it says is not understood, and that is told', () => {
    three()
      .sees(terminating(vmOf(2, 'yes')))
      .tells(
        'InvalidAnnotation',
        `web-2 stays because of its annotation ${key}: yes, which says nothing to us`,
      )
      .rests()
      .sees(later(terminating(vmOf(2, 'true')), {}))
      .tells(undefined)
      .decides(keeps);
  });
});

test('a removal that was withdrawn keeps no disk of a later one', () => {
  three(ours).rests().scales(2).decides(deletes);
  const story = three(ours).scales(2).acts();
  expect(story.plan?.commands[0]).not.toHaveProperty('keepDisks');
});

test('a later removal that does not keep disks has taken the mark off', () => {
  three(ours)
    .scales(2)
    .decides(deletes)
    .sees(later(terminating(vmOf(2, ours)), { annotations: {} }))
    .decides(frees);
});

describe('a member of which somebody has said that its disks stay', () => {
  test('leaves them behind when scale-in removes it, though the pool says otherwise', () => {
    const scaleIn = { type: 'proactive', preservation: 'Disabled' } as const;
    three('true', { scaleIn })
      .rests()
      .scales(2)
      .decides({ ...deletes, keepDisks: true })
      .sees(terminating(vmOf(2, 'true')))
      .decides(keeps);
  });

  test('is deleted for itself before its pool is, and the others go with the pool', () => {
    const story = three('true').rests();
    story.sees(terminating(poolOf(story)));
    const others = [0, 1].map((at) => ({ ...frees, member: { name: `web-${at}` } }));
    story.decides(...others);
    story.decides({ ...deletes, purpose: 'retire', keepDisks: true });
    story.sees(terminating(vmOf(2, 'true'))).decides(keeps);
    story.sees(ownerless(2)).decides({ ...frees, purpose: 'retire', disks: [] });
    story.sees(
      ...[0, 1].map((at) => later(vmOf(at), { finalizers: [] })),
      later(terminating(vmOf(2, 'true')), { finalizers: [] }),
    );
    story.settles('free-member', { outcome: 'already' });
    story.loses(vmOf(2)).decides({ verb: 'retire-set' });
  });

  test('is let go with its disks when nobody owns it any more: no pool takes it', () => {
    const story = three('true').rests();
    const loose = later(vmOf(2, 'true'), { owners: [] });
    story.sees(terminating(poolOf(story)), loose);
    story.acts();
    expect(story.plan?.commands.map(({ verb }) => verb)).toEqual([
      'free-member',
      'free-member',
      'free-member',
    ]);
  });

  test('is not made anew with new disks, and that is told', () => {
    const newDisks = { ...aDigest(), volumes: { data: 'ff'.repeat(32) } };
    const named = { 'rollcall.dev/replace-disks': 'web-2' };
    const next = aRevision({ name: 'web-2', digest: newDisks, revision: 2 });
    const story = given(
      aPool({ template: { ...template, digest: newDisks }, replicas: 2, annotations: named }),
      revision,
      next,
      ...vmAndDisk(0, 'true'),
      ...vmAndDisk(1),
      ...[0, 1].map((at) => aVmi(`web-${at}`, { owner: vmOf(at) })),
    );
    story.tells('DiskReplacementHeld');
    story.decides({ ...deletes, member: { name: 'web-1' }, purpose: 'replace' });
  });
});

describe('a member whose annotation nobody understands', () => {
  test.each([
    [key, 'yes'],
    ['rollcall.dev/keep-disk', 'true'],
  ])('stays in its place and no other goes instead: %s: %s', (name, value) => {
    const odd = later(vmOf(2), { annotations: { [name]: value } });
    three().sees(odd).scales(2).tells('InvalidAnnotation').rests();
  });

  test('holds up none of the others that have to go', () => {
    const odd = later(vmOf(2), { annotations: { [key]: 'yes' } });
    three()
      .sees(odd)
      .scales(1)
      .tells('InvalidAnnotation')
      .decides({ ...deletes, member: { name: 'web-1' } });
  });
});

test('the check refuses to let a marked member go with its disks, or to delete others to retire', () => {
  const story = three('true').rests();
  story.sees(terminating(vmOf(2, ours))).acts();
  const { plan } = story;
  if (plan === undefined) throw new Error('no plan');
  const disks = [{ dataVolume: { name: 'data-2', uid: 'DataVolume:data-2' } }];
  const free = {
    ...plan.commands[0],
    verb: 'free-member',
    member: { name: 'web-2', uid: vmOf(2).meta.uid },
    purpose: 'free',
    disks,
  };
  const wrong = JSON.parse(JSON.stringify({ ...plan, commands: [free] }));
  expect(checkPlan(story.view, wrong).join()).toContain('I28');
  const other = {
    ...free,
    verb: 'delete-member',
    member: { name: 'web-0', uid: aVm('web-0').meta.uid },
    purpose: 'retire',
    keepDisks: true,
  };
  const odd = JSON.parse(JSON.stringify({ ...plan, commands: [other] }));
  expect(checkPlan(story.view, odd).join()).toContain('I15');
});
