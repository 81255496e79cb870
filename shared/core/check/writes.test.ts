import { describe, expect, test } from 'vitest';
import type { Command } from '#shared/contract/commands.ts';
import { effectId, uid } from '#shared/contract/ids.ts';
import type { Observable, ScaledSet } from '#shared/contract/objects.ts';
import type { Decided } from '#shared/contract/records.ts';
import { replaceDisksAnnotation, rollBackAnnotation } from '#shared/contract/words.ts';
import { assert } from '#shared/lib/assert.ts';
import { endangeredDisks } from '../disks.ts';
import { isSet, setOf } from '../objects.ts';
import { setRefOf } from '../outcome.ts';
import { checkPlan } from '../plan-check.ts';
import { aMoment, given, lineage, type Story } from '../testing/given.ts';
import {
  aDataVolume,
  aDigest,
  aForeignVm,
  aPool,
  aReplicaSet,
  aRevision,
  aTemplate,
  aVm,
  aVmi,
  aVmWithDisk,
  terminating,
  vms,
} from '../testing/objects.ts';

/** A command without what every plan gives it. */
type Wanted = Command extends infer One
  ? One extends Command
    ? Omit<One, 'effect' | 'because'>
    : never
  : never;

/** Findings on a plan of these commands alone, as the next of its epoch. */
function findings(story: Story, ...wanted: readonly Wanted[]): readonly string[] {
  const { view } = story;
  const set = [...view.objects.values()].find(isSet);
  assert(set !== undefined, 'the story has a set');
  const { epoch, run } = view;
  const plan = view.plan + 1;
  const commands = wanted.map((command, at) => ({
    ...command,
    effect: effectId(lineage, { epoch, run, plan }, at),
    because: 'a test',
  }));
  return checkPlan(view, planOf(story, set, commands));
}

function planOf({ view, now }: Story, set: ScaledSet, commands: Decided['commands']): Decided {
  const digest = set.template?.digest;
  return {
    type: 'decided',
    ...{ epoch: view.epoch, plan: view.plan + 1, set: setRefOf(set), mode: 'manage' },
    ...{ basis: view.sequence, moment: aMoment(now), because: 'a test' },
    balance: {
      ...{ desired: 3, active: 3, terminating: 0, ready: 3 },
      ...{ creating: 0, deleting: 0, surplus: 0 },
    },
    ...(digest !== undefined && { template: digest }),
    commands,
  };
}

function target({ meta }: Observable) {
  return { name: meta.name, uid: meta.uid };
}

/** A VM of the pool whose owner was taken off by hand. */
function detached(name: string, options: Parameters<typeof aVm>[1] = {}) {
  const found = aVm(name, options);
  return { ...found, meta: { ...found.meta, owners: [] } };
}

const pool = aPool();
const owner = pool;
const vm = aVm('web-0', { owner });
const none: readonly string[] = [];

describe('securing a member', () => {
  const bare = aVm('web-0', { owner, finalizers: [] });
  const secure = (member: Observable) =>
    ({ verb: 'secure-member', member: target(member) }) as const;

  test('is right for a living member of ours without our finalizer, also while paused', () => {
    expect(findings(given(pool, bare), secure(bare))).toEqual(none);
    expect(findings(given(aPool({ paused: true }), bare), secure(bare))).toEqual(none);
  });

  test('is wrong for one that has it, one that is going, and somebody else’s', () => {
    expect(findings(given(pool, vm), secure(vm))).toEqual(['I24 web-0 has our finalizer already']);
    const going = terminating(bare);
    expect(findings(given(pool, going), secure(going))).toHaveLength(1);
    const foreign = { ...bare, meta: { ...bare.meta, owners: [] } };
    expect(findings(given(pool, foreign), secure(foreign))).toEqual([
      'I24 web-0 is not owned by the set',
    ]);
  });

  test('is wrong in a pool that is being deleted: nobody would take it off again', () => {
    expect(findings(given(terminating(pool), bare), secure(bare))).toEqual([
      'I24 web-0 is written in a set that is being deleted',
    ]);
  });
});

describe('releasing a member', () => {
  const release = (member: Observable) =>
    ({ verb: 'release-member', member: target(member) }) as const;
  const stray = { ...vm, meta: { ...vm.meta, labels: { app: 'mine' } } };

  test('is right for one that the selector misses, and for one whose owner was taken off', () => {
    expect(findings(given(pool, stray), release(stray))).toEqual(none);
    const made = detached('web-0', { effect: `${lineage}.1.1.0` });
    expect(findings(given(pool, made), release(made))).toEqual(none);
    const known = detached('other');
    expect(findings(given(pool, aRevision({ owner }), known), release(known))).toEqual(none);
  });

  test('is wrong for a member, for a stranger, and for one that is going', () => {
    const text = 'I25 web-0 still belongs to the set, or never did';
    expect(findings(given(pool, vm), release(vm))).toEqual([text]);
    const stranger = aForeignVm('web-0');
    expect(findings(given(pool, stranger), release(stranger))).toEqual([text]);
    const going = terminating(stray);
    expect(findings(given(pool, going), release(going))).toEqual([
      'I25 web-0 is released while it is going',
    ]);
  });
});

describe('adopting a VMI', () => {
  const ci = aReplicaSet();
  const adopt = (member: Observable) => ({ verb: 'adopt-member', member: target(member) }) as const;
  const loose = (name: string, labels = { app: 'web' }) => {
    const vmi = aVmi(name, { labels });
    return { ...vmi, meta: { ...vmi.meta, owners: [] } };
  };

  test('is right for one that matches and that nobody controls', () => {
    const vmi = loose('ci-a');
    expect(findings(given(ci, vmi), adopt(vmi))).toEqual(none);
  });

  test('is wrong for others, for one that is going, and for a pool', () => {
    const other = loose('ci-a', { app: 'other' });
    expect(findings(given(ci, other), adopt(other))).toHaveLength(1);
    const taken = aVmi('ci-a', { owner: aReplicaSet({ name: 'db' }) });
    expect(findings(given(ci, taken), adopt(taken))).toEqual(['I26 ci-a has a controller']);
    const going = terminating(loose('ci-a'));
    expect(findings(given(ci, going), adopt(going))).toHaveLength(1);
    const foreign = aForeignVm('web-0');
    expect(findings(given(pool, foreign), adopt(foreign))).toEqual(['I26 a pool adopts web-0']);
  });
});

describe('updating', () => {
  const template = aTemplate({ content: 'v2' });
  const changed = aPool({ template, generation: 2 });
  const old = aRevision();
  const current = aRevision({ name: 'web-2', revision: 2, digest: aDigest('v2') });
  const vmi = aVmi('web-0', { owner: vm });
  const update = {
    verb: 'update-vm',
    member: target(vm),
    ordinal: 0,
    revision: 'web-2',
    from: 'web-1',
  } as const;
  const restart = {
    verb: 'restart-member',
    member: target(vm),
    instance: target(vmi),
    revision: 'web-1',
  } as const;
  const story = (...more: readonly Observable[]) => given(changed, old, current, vm, vmi, ...more);

  test('is right for a living member of ours, from its revision to one that keeps the template', () => {
    expect(findings(story(), update)).toEqual(none);
    expect(findings(story(), restart)).toEqual(none);
    expect(
      findings(story(), { verb: 'label-instance', instance: target(vmi), revision: 'web-1' }),
    ).toEqual(none);
  });

  test.each<readonly [string, Wanted]>([
    ['another revision', { ...update, revision: 'web-1' }],
    ['another ordinal', { ...update, ordinal: 4 }],
    ['another beginning', { ...update, from: 'web-7' }],
    ['another uid', { ...update, member: { name: 'web-0', uid: uid('other') } }],
    ['a VM that is not updated yet', { ...restart, revision: 'web-2' }],
    ['an instance of another uid', { ...restart, instance: { name: 'web-0', uid: uid('x') } }],
    ['a label before the VM', { verb: 'label-instance', instance: target(vmi), revision: 'web-2' }],
  ])('is wrong with %s', (_, command) => {
    expect(findings(story(), command)).toEqual([expect.stringMatching(/^I27 /)]);
  });

  test('tells none to stay that was never extra', () => {
    expect(findings(story(), { ...update, stays: true })).toEqual([
      'I34 web-0 is told to stay and was never extra',
    ]);
  });

  test('is wrong for a VM of nobody’s, and in a paused pool', () => {
    const foreign = detached('web-0');
    expect(findings(given(changed, old, current, foreign), update)).toEqual([
      'I27 web-0 is not owned by the set',
    ]);
    const paused = given({ ...changed, paused: true }, old, current, vm, vmi);
    for (const command of [update, restart]) {
      expect(findings(paused, command)).toEqual(['I27 web-0 is written in a paused set']);
    }
  });

  test('never restarts an instance twice, nor the one of another VM', () => {
    const going = given(changed, old, current, vm, terminating(vmi));
    expect(findings(going, restart)).toEqual(['I27 web-0 is restarted while it is going']);
    const theirs = aVmi('web-0', { owner: aVm('web-9', { owner }) });
    const command = { ...restart, instance: target(theirs) };
    expect(findings(given(changed, old, current, vm, theirs), command)).toHaveLength(1);
  });

  test('never takes an instance down that would stay down', () => {
    const manual = aVm('web-0', { owner, runStrategy: 'RerunOnFailure' });
    expect(findings(given(changed, old, current, manual, vmi), restart)).toEqual([
      'I27 web-0 is taken down and would stay down',
    ]);
  });
});

describe('keeping a disk', () => {
  const [member, dataVolume, ...rest] = aVmWithDisk('web-0', 'root-0', { owner });
  assert(member?.kind === 'VirtualMachine' && dataVolume !== undefined, 'a VM and its disk');
  const going = terminating(member);
  const preserve = (disk: Observable) =>
    ({
      verb: 'preserve-disk',
      member: target(member),
      disk: { kind: 'DataVolume', ...target(disk) },
    }) as const;

  test('is right for a disk of a member that is going', () => {
    expect(findings(given(pool, going, dataVolume, ...rest), preserve(dataVolume))).toEqual(none);
  });

  test('is wrong for a disk of another owner, and for one of a member that stays', () => {
    const foreign = aDataVolume('root-9', { owner: aVm('web-9', { owner }) });
    expect(findings(given(pool, going, foreign), preserve(foreign))).toEqual([
      expect.stringMatching(/^I28 root-9 .* is not a disk of web-0/),
    ]);
    expect(findings(given(pool, member, dataVolume), preserve(dataVolume))).toEqual([
      'I28 root-0 is kept though web-0 is not going',
    ]);
  });

  test('comes before the member is let go', () => {
    const story = given(pool, going, dataVolume, ...rest);
    const effect = effectId(lineage, { epoch: 1, plan: 1 }, 0);
    const because = 'a test';
    const first = { ...preserve(dataVolume), effect, because };
    const set = setOf(story.view, pool.meta.uid);
    assert(set !== undefined, 'the pool stands');
    story.folds(planOf(story, set, [first]));
    const free: Wanted = {
      verb: 'free-member',
      member: target(member),
      purpose: 'scale-in',
      disks: [...endangeredDisks(story.view, going)],
    };
    expect(findings(story, free)).toEqual([
      'I28 web-0 is let go while disks that are kept hang on it',
    ]);
  });
});

describe('pruning and going back', () => {
  const old = aRevision({ name: 'web-0', digest: aDigest('v0') });
  const current = aRevision();
  const prune = (revision: Observable) =>
    ({ verb: 'delete-revision', ...target(revision) }) as const;
  const back = { verb: 'roll-back', revision: target(old) } as const;
  const asking = aPool({ annotations: { [rollBackAnnotation]: 'web-0' } });

  test('a revision that nobody uses may go', () => {
    expect(findings(given(pool, old, current, vm), prune(old))).toEqual(none);
  });

  test('one in use, the one that keeps the template, and another pool’s may not', () => {
    const last = findings(given(pool, current), prune(current));
    expect(last).toEqual(['I29 nothing else keeps the template of web-1']);
    const user = aVm('web-0', { owner, revision: 'web-0' });
    expect(findings(given(pool, old, current, user), prune(old))).toHaveLength(1);
    const theirs = aRevision({ name: 'web-0', owner: aPool({ uid: 'earlier' }) });
    expect(findings(given(pool, current, theirs), prune(theirs))).toHaveLength(1);
  });

  test('a pool goes back to a revision of its own that an annotation names', () => {
    expect(findings(given(asking, old, current), back)).toEqual(none);
    expect(findings(given(pool, old, current), back)).toEqual(['I30 nobody asks for web-0']);
    expect(findings(given(asking, current), back)).toHaveLength(1);
  });
});

describe('removing members', () => {
  const remove = (member: Observable, purpose: 'heal' | 'replace') => {
    return { verb: 'delete-member', member: target(member), purpose, disks: [] } satisfies Wanted;
  };

  test('healing stays within a fifth of the pool', () => {
    const ten = vms(0, 10, { owner });
    const story = given(aPool({ replicas: 10 }), aRevision(), ...ten);
    const heal = (count: number) => ten.slice(0, count).map((member) => remove(member, 'heal'));
    expect(findings(story, ...heal(2))).toEqual(none);
    expect(findings(story, ...heal(3))).toEqual(['I31 more members are healed than may be']);
  });

  test('disks are replaced only for the revision that somebody has named', () => {
    const members = [aRevision(), vm];
    const replace: Wanted = { ...remove(vm, 'replace'), revision: 'web-1' };
    const unnamed = ['I32 disks are replaced though nobody has named the revision'];
    expect(findings(given(pool, ...members), replace)).toEqual(unnamed);
    const allowed = aPool({ annotations: { [replaceDisksAnnotation]: 'web-1' } });
    expect(findings(given(allowed, ...members), replace)).toEqual(none);
    expect(findings(given(allowed, ...members), remove(vm, 'replace'))).toEqual(unnamed);
    const earlier = aPool({ annotations: { [replaceDisksAnnotation]: 'web-0' } });
    expect(findings(given(earlier, ...members), replace)).toHaveLength(1);
    const smaller = { ...allowed, replicas: 0 };
    expect(findings(given(smaller, ...members), replace)).toEqual([
      'I32 disks are replaced of members that would not come back',
    ]);
  });

  test('a detached VM that was deleted is let go, and a stranger’s is not', () => {
    const free = (member: Observable): Wanted => {
      return { verb: 'free-member', member: target(member), purpose: 'free', disks: [] };
    };
    const made = terminating(detached('web-0', { effect: `${lineage}.1.1.0` }));
    expect(findings(given(pool, made), free(made))).toEqual(none);
    const stranger = terminating(aForeignVm('web-0'));
    expect(findings(given(pool, stranger), free(stranger))).toEqual([
      'I4 web-0 is not owned by the set',
    ]);
  });
});
