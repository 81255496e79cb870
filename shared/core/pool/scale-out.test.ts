import { expect, test } from 'vitest';
import { given } from '../testing/given.ts';
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
  terminating,
  vms,
} from '../testing/objects.ts';

const create = (name: string) => ({ verb: 'create-vm', name }) as const;

test('makes every missing member in one plan, on the lowest ordinals', () => {
  given(aPool(), aRevision())
    .decides(create('web-0'), create('web-1'), create('web-2'))
    .because('3 short of 3');
});

test('asks only for what is missing and not yet on its way', () => {
  given(aPool(), aRevision(), aVm('web-0')).decides(create('web-1'), create('web-2')).rests();
});

test('counts a create that was applied and is not seen yet', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .settles('create-vm', { version: 2000 })
    .rests()
    .sees(aVm('web-0', { version: 2000, effect: '0a0b0c0d.1.1.0' }))
    .rests('1 of 1: nothing to do');
});

test('fills gaps first and goes on behind the last', () => {
  given(aPool({ replicas: 5 }), aRevision(), aVm('web-1'), aVm('web-3')).decides(
    create('web-0'),
    create('web-2'),
    create('web-4'),
  );
});

test('skips the name of a foreign VM', () => {
  given(aPool(), aRevision(), aForeignVm('web-1')).decides(
    create('web-0'),
    create('web-2'),
    create('web-3'),
  );
});

test('replaces a deleted member only after it is gone, under the same name', () => {
  const vm = aVm('web-1');
  const gone = { ...terminating(vm), meta: { ...terminating(vm).meta, finalizers: [] } };
  const story = given(aPool(), aRevision(), aVm('web-0'), vm, aVm('web-2'));
  story.rests().sees(gone).rests().loses(gone).decides(create('web-1'));
});

test('makes no more than the burst at once, and no more than the limit pending', () => {
  const story = given(aPool({ replicas: 1000 }), aRevision());
  expect(story.acts().plan?.commands).toHaveLength(250);
  expect(story.acts().plan?.commands).toHaveLength(250);
  story.waits('500 short of 1000');
});

test('keeps the template as a revision before the first member is stamped from it', () => {
  given(aPool())
    .decides({ verb: 'create-revision', name: 'web-1', revision: 1 })
    .rests('the template has no revision yet')
    .settles('create-revision', { version: 2000 })
    .rests('the template has no revision yet')
    .sees(aRevision({ version: 2000 }))
    .decides(create('web-0'), create('web-1'), create('web-2'));
});

test('reuses a revision of an equal template after a pure scale', () => {
  given(aPool({ replicas: 0 }), aRevision())
    .rests()
    .scales(1)
    .decides({ ...create('web-0'), revision: 'web-1' });
});

test('never takes over the revision of an earlier pool of the same name', () => {
  const stranger = aRevision({ owner: aPool({ uid: 'earlier' }) });
  given(aPool(), stranger).decides({ verb: 'create-revision', name: 'web-1-2' });
});

test('never takes a revision of its own name for that of another template', () => {
  given(aPool(), aRevision({ digest: aDigest('other') })).decides({
    verb: 'create-revision',
    name: 'web-1-2',
  });
});

test('waits with members until the pool has its finalizer', () => {
  const pool = aPool({ finalizers: [] });
  given(pool, aRevision())
    .decides({ verb: 'secure-set' })
    .rests()
    .settles('secure-set', { version: 2000 })
    .decides(create('web-0'), create('web-1'), create('web-2'));
});

test('reads an absent number of replicas as one', () => {
  const { replicas: _, ...pool } = aPool();
  given(pool, aRevision()).decides(create('web-0'));
});

test('does not create a member whose disk belongs to another, and makes the others', () => {
  const template = aTemplateWithDisks('data');
  const other = aForeignVm('other');
  const story = given(
    aPool({ template }),
    aRevision(),
    other,
    aDataVolume('data-0', { owner: other }),
  );
  story.decides(create('web-1'), create('web-2'));
  expect(story.status?.conditions).toMatchObject([
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'NameTaken',
      message: 'web-0 waits: data-0 (DataVolume data-0) belongs to another owner',
    },
  ]);
});

test('waits for the disk of a member that is long gone', () => {
  const template = aTemplateWithDisks('data');
  const disk = aDataVolume('data-0', { owner: aVm('web-0') });
  const pool = aPool({ template, replicas: 1 });
  given(pool, aRevision()).sees(disk).rests().loses(disk).decides(create('web-0'));
});

test('waits for a claim that another owns, and for one that is on its way out', () => {
  const template = aTemplateWithDisks('data');
  given(
    aPool({ template, replicas: 3 }),
    aRevision(),
    aClaim('data-0', { owner: aForeignVm('other') }),
    aClaim('data-1', { deleted: true }),
  ).decides(create('web-2'));
});

test('takes up an ownerless disk again', () => {
  const template = aTemplateWithDisks('data');
  const disk = aDataVolume('data-0');
  given(
    aPool({ template, replicas: 1 }),
    aRevision(),
    disk,
    aClaim('data-0', { owner: disk }),
  ).decides(create('web-0'));
});

test('waits while a create of another pool claims the same disk, until that is refused', () => {
  const template = aTemplateWithDisks('data');
  const rival = aPool({ name: 'rival', replicas: 1, template });
  const story = given(
    rival,
    aRevision({ name: 'rival-1', owner: rival }),
    aPool({ replicas: 1, template }),
    aRevision(),
  ).decides(create('rival-0'));
  const web = aPool().meta.uid;
  const waiting = story.outcome(web);
  expect(waiting.type === 'act' && waiting.decided.commands.map(({ verb }) => verb)).toEqual([
    'write-status',
  ]);
  story.settles('create-vm', { outcome: 'refused', reason: 'QuotaExceeded' });
  expect(story.outcome(web)).toMatchObject({
    type: 'act',
    decided: { commands: [{ verb: 'create-vm', name: 'web-0' }, {}] },
  });
});

test("waits while another pool's VM will make a disk of the same name", () => {
  const template = aTemplateWithDisks('data');
  const other = aForeignVm('rival-0');
  given(aPool({ replicas: 1, template }), aRevision(), {
    ...other,
    disks: [{ name: 'data-0' }],
  }).rests();
});

test('names the effect, the event and the template in the plan', () => {
  const { plan } = given(aPool({ replicas: 1 }), aRevision()).acts();
  expect(plan).toMatchObject({
    epoch: 1,
    plan: 1,
    mode: 'manage',
    template: aDigest(),
    balance: { desired: 1, active: 0, surplus: -1 },
    commands: [
      {
        effect: '0a0b0c0d.1.1.0',
        notice: { reason: 'SuccessfulCreate', message: 'Created VM default/web-0' },
      },
      { verb: 'write-status', effect: '0a0b0c0d.1.1.1' },
    ],
  });
});

test('waits after a changed template until that one has a revision', () => {
  given(aPool(), aRevision(), ...vms(0, 2))
    .decides(create('web-2'))
    .changes({ template: aTemplate({ content: 'v2' }), replicas: 4 })
    .decides({ verb: 'create-revision', name: 'web-2', revision: 2 });
});
