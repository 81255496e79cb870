import { expect, test } from 'vitest';
import { given, lineage } from './testing/given.ts';
import { aPool, aReplicaSet, aRevision, aVm, aVmi, later, terminating } from './testing/objects.ts';

const create = (name: string) => ({ verb: 'create-vm', name }) as const;

test('a create ends when its object is seen, before any outcome', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .sees(aVm('web-0', { effect: `${lineage}.1.1.0` }))
    .rests('1 of 1: nothing to do');
});

test('a copied effect annotation under another name ends nothing', () => {
  const story = given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0'));
  story.sees(aVm('copy', { effect: `${lineage}.1.1.0`, owner: aPool({ uid: 'other' }) }));
  expect([...story.view.pending.keys()]).toContain(`${lineage}.1.1.0`);
});

test('a create that is gone again before it is seen ends with a survey past its version', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .settles('create-vm', { version: 1500 })
    .surveys('VirtualMachine', [], 1400)
    .rests()
    .surveys('VirtualMachine', [], 1500)
    .decides(create('web-0'));
});

test('a create ends when its uid is known to be gone', () => {
  const vm = aVm('web-0');
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .loses(vm)
    .rests()
    .settles('create-vm', { version: 10, uid: vm.meta.uid })
    .decides(create('web-0'));
});

test('a survey does not end a create of which no outcome is known', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .surveys('VirtualMachine', [], 9000)
    .rests();
});

test.each(['expired', 'superseded', 'withdrawn'] as const)(
  'a %s create may be made again at once',
  (outcome) => {
    given(aPool({ replicas: 1 }), aRevision())
      .decides(create('web-0'))
      .settles('create-vm', { outcome })
      .decides(create('web-0'));
  },
);

test('the first outcome of an effect wins', () => {
  const story = given(aPool({ replicas: 1 }), aRevision()).decides(create('web-0'));
  const effect = story.plan?.commands[0]?.effect;
  if (effect === undefined) throw new Error('effect');
  story.settlesEffect(effect, { version: 1500 });
  story.settlesEffect(effect, { outcome: 'refused', reason: 'QuotaExceeded' });
  expect(story.view.pending.get(effect)?.outcome?.outcome).toBe('applied');
  story.rests();
});

test('a delete ends when the member is terminating, not when the API server said yes', () => {
  const vmi = aVmi('ci-b');
  given(aReplicaSet({ replicas: 2 }), aVmi('ci-a'), vmi)
    .rests()
    .scales(1)
    .acts()
    .settles('delete-member', { version: 11, uid: vmi.meta.uid })
    .scales(2)
    .decides({ verb: 'create-vmi' })
    .sees(terminating(vmi))
    .rests();
});

test('a patch that changed nothing ends with the version that it answered', () => {
  const set = aReplicaSet({ replicas: 0 });
  const bare = { ...set, meta: { ...set.meta, annotations: {} } };
  const story = given(bare).decides({ verb: 'mark-api-version' });
  story.settles('mark-api-version', { outcome: 'already', version: 10 });
  expect([...story.view.pending.values()].map(({ command }) => command.verb)).toEqual([
    'write-status',
  ]);
});

test('commands of an older epoch stay pending until they are settled, and plans count anew', () => {
  const story = given(aPool({ replicas: 1 }), aRevision())
    .decides(create('web-0'))
    .opens()
    .rests();
  story.settles('create-vm', { outcome: 'superseded' }).decides(create('web-0'));
  expect(story.plan?.epoch).toBeGreaterThan(1);
  expect(story.plan?.commands[0]?.effect).toBe(
    `${lineage}.${story.plan?.epoch}.${story.plan?.plan}.0`,
  );
});

test('a replica set that scales down and up does not reuse a name', () => {
  const story = given(aReplicaSet({ replicas: 1 })).acts();
  const [first] = story.plan?.commands ?? [];
  story.settles('create-vmi', { outcome: 'refused', reason: 'QuotaExceeded' }).after(1000).acts();
  const [second] = story.plan?.commands ?? [];
  expect(first).not.toMatchObject({
    name: second !== undefined && 'name' in second && second.name,
  });
});

test('an object changed by others does not end a command on it before its outcome', () => {
  const vm = terminating(aVm('web-0'));
  given(aPool({ replicas: 1 }), aRevision(), vm)
    .decides({ verb: 'free-member' })
    .sees(later(vm, { labels: { changed: 'yes' } }))
    .rests();
});
