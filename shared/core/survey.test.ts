import { describe, expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import { evolve } from './evolve.ts';
import { fromSnapshot, toSnapshot } from './snapshot.ts';
import { given, lineage, Story } from './testing/given.ts';
import { aPool, aRevision, aVm, aVolume, later, terminating, vms } from './testing/objects.ts';

const vmKind = 'VirtualMachine';
const create = (name: string) => ({ verb: 'create-vm', name }) as const;

test('an open survey makes the kind unsynced, and nothing is done', () => {
  given(aPool(), aRevision())
    .begins(vmKind, 's')
    .waits('waiting for a whole survey of VirtualMachine')
    .closes(vmKind, 's', { version: 1001, count: 0 })
    .decides(create('web-0'), create('web-1'), create('web-2'));
});

test('what a closed survey lacks is gone', () => {
  const [zero, one, two] = vms(0, 3);
  if (zero === undefined || two === undefined) throw new Error('vms');
  const story = given(aPool(), aRevision(), ...vms(0, 3)).rests();
  story.surveys(vmKind, [zero, two], 1001).decides(create('web-1'));
  expect(story.view.vanished.has(one?.meta.uid ?? zero.meta.uid)).toBe(true);
});

test('what is newer than the list stays', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .begins(vmKind, 's')
    .sees(aVm('web-0', { version: 1005 }))
    .closes(vmKind, 's', { version: 1001, count: 0 })
    .rests('1 of 1: nothing to do');
});

test('a sighting of an equal version counts as seen', () => {
  given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .surveys(vmKind, [aVm('web-0')], 1001)
    .rests('1 of 1: nothing to do');
});

test('a new uid under an old name replaces it at the close', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'));
  story
    .surveys(vmKind, [aVm('web-0', { uid: 'second', version: 1001 })], 1001)
    .rests('1 of 1: nothing to do');
});

test('a list that is older than what is known is refused', () => {
  given(aPool({ replicas: 1 }), aRevision(), aVm('web-0', { version: 900 }))
    .surveys(vmKind, [], 800)
    .waits()
    .surveys(vmKind, [aVm('web-0', { version: 900 })], 1002)
    .rests('1 of 1: nothing to do');
});

test('a list that has lost a record proves nothing', () => {
  given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .begins(vmKind, 's')
    .closes(vmKind, 's', { version: 1001, count: 1 })
    .waits('waiting for a whole survey of VirtualMachine');
});

test('a second survey replaces the first, whose close then says nothing', () => {
  given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'))
    .begins(vmKind, 'first')
    .begins(vmKind, 'second')
    .closes(vmKind, 'first', { version: 1001, count: 0 })
    .waits()
    .folds({ type: 'observed', object: aVm('web-0'), survey: 'second' })
    .closes(vmKind, 'second', { version: 1002, count: 1 })
    .rests('1 of 1: nothing to do');
});

test('a kind that is not served is empty if nothing of it was ever known', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .begins('DataVolume', 's')
    .closes('DataVolume', 's', { version: 1, count: 0, unserved: true })
    .decides(create('web-0'));
});

test('a kind that is no longer served, with living objects, holds', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 2 }), aRevision(), vm)
    .begins(vmKind, 's')
    .closes(vmKind, 's', { version: 2000, count: 0, unserved: true })
    .waits()
    .after(60_000)
    .tells('Unsynced', 'waiting for a whole survey of VirtualMachine')
    .waits()
    .surveys(vmKind, [vm], 2001)
    .tells(undefined)
    .decides(create('web-1'));
});

test('a young log does not take a kind that sets are made of, and that is not served, for none', () => {
  const [pool, revision] = [aPool({ replicas: 1 }), aRevision()];
  const story = new Story(pool).opens();
  for (const kind of kinds) {
    if (kind !== vmKind) {
      const objects = [pool, revision].filter((object) => object.kind === kind);
      story.surveys(kind, objects);
    }
  }
  story
    .begins(vmKind, 's')
    .closes(vmKind, 's', { version: 1, count: 0, unserved: true })
    .waits('waiting for a whole survey of VirtualMachine')
    .surveys(vmKind, [aVm('web-0')], 1001)
    .rests('1 of 1: nothing to do');
});

test('nor does a log that was set back, whatever its old surveys said', () => {
  const [pool, revision] = [aPool({ replicas: 1 }), aRevision()];
  const story = given(pool, revision);
  const trustsFrom = story.view.sequence + 1;
  story.folds({ type: 'opened', lineage, codeVersion: 'test', holder: 'test', trustsFrom });
  for (const kind of kinds) {
    const objects = [pool, revision].filter((object) => object.kind === kind);
    if (kind !== vmKind) story.surveys(kind, objects, 1001);
  }
  story
    .begins(vmKind, 's')
    .closes(vmKind, 's', { version: 1, count: 0, unserved: true })
    .waits('waiting for a whole survey of VirtualMachine');
});

test('members that were seen to go before their kind did hold up no end of their pool', () => {
  const [pool, vm] = [terminating(aPool({ replicas: 1 })), aVm('web-0')];
  given(pool, aRevision(), vm)
    .loses(vm)
    .begins(vmKind, 's')
    .closes(vmKind, 's', { version: 1, count: 0, unserved: true })
    .begins(vmKind, 'next')
    .closes(vmKind, 'next', { version: 1, count: 0, unserved: true })
    .decides({ verb: 'retire-set' });
});

test('a missing survey of volumes holds up nothing', () => {
  given(aPool({ replicas: 1 }), aRevision(), aVolume('pv'))
    .begins('PersistentVolume', 's')
    .decides(create('web-0'));
});

test('a vanished uid stays gone, whatever is seen of it later', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .rests()
    .loses(vm)
    .sees(later(later(vm, {}), {}))
    .decides(create('web-0'));
});

test('a vanished uid is forgotten after a day of log time', () => {
  const vm = aVm('web-0');
  const story = given(aPool({ replicas: 1 }), vm).loses(vm);
  expect(story.view.vanished.size).toBe(1);
  story.after(24 * 3600 * 1000 + 1).opens();
  expect(story.view.vanished.size).toBe(0);
});

test('a lower or equal version changes nothing', () => {
  const vm = aVm('web-0', { version: 20 });
  const story = given(aPool({ replicas: 1 }), vm);
  story.sees(aVm('web-0', { version: 9, revision: 'older' }));
  story.sees(aVm('web-0', { version: 20, revision: 'older' }));
  expect(story.view.objects.get(vm.meta.uid)).toBe(vm);
});

test('versions are compared as numbers', () => {
  const vm = aVm('web-0', { version: 9 });
  const newer = aVm('web-0', { version: 10 });
  const story = given(aPool({ replicas: 1 }), vm).sees(newer);
  expect(story.view.objects.get(vm.meta.uid)).toBe(newer);
});

test('poison stops destruction in its namespace, not creation, until every survey has come by', () => {
  const story = given(aPool({ replicas: 3 }), aRevision(), ...vms(0, 2));
  story.reads({ namespace: 'default', problem: 'not an object' });
  story.decides(create('web-2')).settles('create-vm', { outcome: 'withdrawn' });
  story.scales(1).tells('Poisoned').rests();
  for (const kind of [...story.view.kinds.keys()]) {
    const objects = [...story.view.objects.values()].filter((object) => object.kind === kind);
    story.surveys(kind, objects, 1001 + story.view.sequence);
  }
  story.tells(undefined).decides({ verb: 'delete-member', member: { name: 'web-1' } });
});

test('poison elsewhere stops nothing, a broken frame stops the whole shard', () => {
  const shrinking = () =>
    given(aPool({ replicas: 2 }), aRevision(), ...vms(0, 2))
      .rests()
      .scales(1);
  shrinking().reads({ namespace: 'other', problem: 'x' }).decides({ verb: 'delete-member' });
  shrinking().reads({ problem: 'x' }).tells('Poisoned');
});

test('an intake that cannot be read stops nothing: it says nothing of objects', () => {
  const story = given(aPool({ replicas: 2 }), aRevision(), ...vms(0, 2))
    .rests()
    .scales(1);
  const { sequence, now: at } = story.view;
  const poison = [{ namespace: 'default', problem: 'x' }];
  evolve(story.view, { sequence: sequence + 1, at, family: 'intake', records: [], poison });
  story.decides({ verb: 'delete-member' });
});

test('a poisoned record in a survey is not taken for an absent object', () => {
  const [zero, one] = vms(0, 2);
  if (zero === undefined || one === undefined) throw new Error('vms');
  const story = given(aPool({ replicas: 2 }), aRevision(), zero, one)
    .begins(vmKind, 's')
    .folds({ type: 'observed', object: zero, survey: 's' })
    .reads({ index: 1, namespace: 'default', problem: 'x' })
    .closes(vmKind, 's', { version: 1001, count: 2 });
  expect(story.view.objects.has(one.meta.uid)).toBe(true);
  story.rests('2 of 2: nothing to do');
});

describe('a create that was done before a list which has lost records', () => {
  const made = () =>
    given(aPool({ replicas: 1 }), aRevision())
      .decides(create('web-0'))
      .settles('create-vm', { version: 1001, uid: uid('made') });

  /** The new VM is in the list, and its record cannot be read. */
  function lossy(story: Story, namespace: string): Story {
    return story
      .begins(vmKind, 's')
      .reads({ index: 0, namespace, problem: 'x' })
      .closes(vmKind, 's', { version: 1002, count: 1 });
  }

  test('stays on its way: the lost record may be the one that told of it', () => {
    const story = lossy(made(), 'default').rests();
    const verbs = [...story.view.pending.values()].map(({ command }) => command.verb);
    expect(verbs).toContain('create-vm');
  });

  test('stays on its way also where its outcome comes later, to one who goes on from a snapshot', () => {
    const [settled] = [...made().view.pending.values()].flatMap(({ outcome }) => outcome ?? []);
    if (settled === undefined) throw new Error('nothing is settled');
    const { view } = lossy(
      given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0')),
      'default',
    );
    const again = fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(view))));
    if (again === undefined) throw new Error('no snapshot');
    expect(toSnapshot(again)).toEqual(toSnapshot(view));
    const { sequence, now: at } = view;
    for (const each of [view, again]) {
      evolve(each, {
        sequence: sequence + 1,
        at,
        family: 'outcome',
        records: [settled],
        poison: [],
      });
      expect(each.pending.get(settled.effect)?.outcome).toEqual(settled);
    }
  });

  test('is over where the loss is elsewhere', () => {
    lossy(made(), 'other').decides(create('web-0'));
  });

  test('is over once a list that has lost nothing lacks it', () => {
    lossy(made(), 'default').surveys(vmKind, [], 1003).decides(create('web-0'));
  });
});
