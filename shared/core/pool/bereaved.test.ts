import { expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import { decidedSchema } from '#shared/contract/records.ts';
import { keepDisksAnnotation, securedForAnnotation } from '#shared/contract/words.ts';
import { evolve } from '../evolve.ts';
import { checkPlan } from '../plan-check.ts';
import { setsOf } from '../sets.ts';
import { fromSnapshot, toSnapshot } from '../snapshot.ts';
import { given, lineage } from '../testing/given.ts';
import { aPool, aRevision, aVm, aVmWithDisk, later, terminating, vms } from '../testing/objects.ts';

const free = (name: string) =>
  ({ verb: 'free-member', member: { name }, purpose: 'free' }) as const;

const [zero = aVm('none'), one = aVm('none')] = vms(0, 2);
const pool = aPool({ replicas: 2 });

/** Two members, whose pool somebody has let go by hand. */
const left = () => given(pool, aRevision(), zero, one).rests().loses(pool);

test('lets VMs go that somebody deletes after their pool is gone, and says so', () => {
  const story = left().waits('the set is not there').sees(terminating(zero));
  story.decides(free('web-0')).because('web-0 was deleted by someone else; its pool is gone');
  const { namespace, name, uid: pooled } = pool.meta;
  expect(story.plan?.set).toEqual({
    ...{ kind: 'VirtualMachinePool', namespace, name, uid: pooled },
    ...{ generation: 0, gone: true },
  });
  story.waits('web-0 was deleted by someone else');
  story.sees(terminating(one)).decides(free('web-1'));
});

test('lets them go though the log has never known the pool', () => {
  const story = given(terminating(zero), one);
  const owner = pool.meta.uid;
  expect(setsOf(story.view)).toEqual([owner]);
  expect(story.outcome(owner)).toMatchObject({ decided: { commands: [free('web-0')] } });
});

test('wakes when one is deleted, and when the kind of the pool is surveyed again', () => {
  const { view } = given(zero);
  const folds = (record: Parameters<typeof evolve>[1]['records'][number]) =>
    evolve(view, {
      ...{ sequence: view.sequence + 1, at: view.now, family: 'fact', poison: [] },
      records: [record],
    });
  expect(folds({ type: 'observed', object: terminating(zero) })).toEqual([pool.meta.uid]);
  const kind = 'VirtualMachinePool';
  expect(folds({ type: 'survey-began', kind, id: 's' })).toEqual([pool.meta.uid]);
});

test('does nothing while the kind of the pool is not synced', () => {
  left()
    .begins('VirtualMachinePool', 'open')
    .sees(terminating(zero))
    .waits('it is not certain that the pool is gone')
    .closes('VirtualMachinePool', 'open', { version: 2000, count: 0 })
    .decides(free('web-0'));
});

test('does nothing while the kind is not served, for its pools come back with it', () => {
  const kind = 'VirtualMachinePool';
  const story = given(zero);
  story
    .begins(kind, 'none')
    .closes(kind, 'none', { version: 0, count: 0, unserved: true })
    .sees(terminating(zero));
  expect(story.outcome(pool.meta.uid).type).toBe('wait');
  const restored = fromSnapshot(structuredClone(toSnapshot(story.view)));
  expect(restored?.kinds.get(kind)).toEqual(story.view.kinds.get(kind));
  story.surveys(kind, [], 2000);
  expect(story.outcome(pool.meta.uid).type).toBe('act');
});

test('follows the mode of the service, for the annotation is lost with the pool', () => {
  const gone = left().sees(terminating(zero));
  gone.under({ mode: 'observe' }).waits('only observing');
  gone.under({ mode: 'advise' }).decides(free('web-0')).waits('the advice has been given');
  gone.under({ mode: 'manage', kubevirtControllers: 'running' }).decides(free('web-0'));
});

test('leaves disks behind only where the VM says so, and lists the others', () => {
  const [vm = zero, ...disks] = aVmWithDisk('web-0', 'root-0', {
    annotations: { [keepDisksAnnotation]: 'true' },
  });
  const [other = one, ...others] = aVmWithDisk('web-1', 'root-1');
  const [disk] = disks;
  const story = given(terminating(vm), terminating(other), ...disks, ...others, pool).loses(pool);
  story.decides({ verb: 'preserve-disk', disk: { name: 'root-0' } });
  if (disk === undefined) throw new Error('there is a disk');
  story
    .sees(later(disk, { owners: [] }))
    .decides(
      { ...free('web-0'), disks: [] },
      { ...free('web-1'), disks: [{ claim: { name: 'root-1' } }] },
    );
});

test('backs off from a refusal, and forgets the pool with the last of its VMs', () => {
  const going = terminating(zero);
  const story = given(pool, aRevision(), going).loses(pool, aRevision()).decides(free('web-0'));
  story.settles('free-member', { outcome: 'refused', reason: 'Rejected' }).waits();
  expect(story.view.memories.has(pool.meta.uid)).toBe(true);
  story.after(1000).decides(free('web-0'));
  story.settles('free-member', { version: 12, uid: going.meta.uid });
  story.loses(going).waits('the set is not there');
  expect(story.view.memories.has(pool.meta.uid)).toBe(false);
});

test('a plan in the name of a pool is withheld while the pool may be there, and if it does more', () => {
  const story = left().sees(terminating(zero));
  const answer = story.outcome();
  if (answer.type !== 'act') throw new Error('it acts');
  const { decided } = answer;
  const [letting] = decided.commands;
  if (letting?.verb !== 'free-member') throw new Error('it lets go');
  const { effect, because, member } = letting;
  const deletes = { verb: 'delete-member', effect, because, member, purpose: 'free', disks: [] };
  const tampered = decidedSchema.parse({ ...decided, commands: [deletes] });
  expect(checkPlan(story.view, tampered)).toContain('I33 delete-member for a pool that is gone');
  const living = { ...letting, member: { name: one.meta.name, uid: one.meta.uid } };
  expect(checkPlan(story.view, { ...decided, commands: [living] }).join()).toContain('I33 web-1');
  story.begins('VirtualMachinePool', 'again');
  expect(checkPlan(story.view, decided).join()).toContain('I33 it is not certain');
  const standing = given(pool, terminating(zero));
  expect(checkPlan(standing.view, decided).join()).toContain('I9');
});

test('lets any number go at once: others have deleted them', () => {
  const many = vms(0, 60).map(terminating);
  const story = given(pool, ...many)
    .loses(pool)
    .acts();
  expect(story.plan?.commands).toHaveLength(60);
});

test('leaves a VM alone that does not hang on our finalizer, or that is not of a pool', () => {
  const bare = terminating(later(zero, { finalizers: [] }));
  left().sees(bare).waits('the set is not there');
  const [owner] = zero.meta.owners;
  if (owner === undefined) throw new Error('it has an owner');
  const foreign = later(zero, { owners: [{ ...owner, kind: 'Fleet', uid: uid('fleet') }] });
  const story = given(terminating(foreign));
  expect(story.outcome(uid('fleet')).type).toBe('wait');
});

/** Nobody controls it, and no pool is there. */
const loose = later(aVm('web-0', { effect: `${lineage}.1.1.0` }), { owners: [] });

test('lets a VM go that nobody controls and whose pool is gone, once somebody deletes it', () => {
  const story = given(loose);
  expect(setsOf(story.view)).toEqual([]);
  story.sees(terminating(loose));
  expect(setsOf(story.view)).toEqual([loose.meta.uid]);
  expect(story.outcome(loose.meta.uid)).toMatchObject({
    decided: { set: { name: 'web', uid: loose.meta.uid }, commands: [free('web-0')] },
  });
});

test('leaves it to a pool of its name while there is one', () => {
  const story = given(terminating(loose), pool, aRevision());
  expect(story.outcome(loose.meta.uid).type).toBe('wait');
  expect(story.outcome().type).toBe('act');
  story.loses(pool);
  expect(story.outcome(loose.meta.uid).type).toBe('act');
});

test('leaves it to a pool of another name that it was secured for', () => {
  const secured = { [securedForAnnotation]: pool.meta.uid };
  const other = terminating(later(aVm('odd-0', { annotations: secured }), { owners: [] }));
  const story = given(other, pool, aRevision());
  expect(story.outcome(other.meta.uid).type).toBe('wait');
  story.decides(free('odd-0')).loses(pool);
  expect(story.outcome(other.meta.uid).type).toBe('act');
});

test('leaves a VM alone that carries the finalizer and says nothing of a pool', () => {
  const strange = terminating(later(zero, { owners: [], labels: {}, annotations: {} }));
  const story = given(strange);
  expect(story.outcome(strange.meta.uid).type).toBe('wait');
});
