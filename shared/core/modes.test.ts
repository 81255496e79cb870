import { expect, test } from 'vitest';
import { given } from './testing/given.ts';
import { aPool, aReplicaSet, aRevision, aVm, terminating, vms } from './testing/objects.ts';

const create = (name: string) => ({ verb: 'create-vm', name }) as const;
const annotated = (key: string, value: string) => ({
  annotations: { [`rollcall.dev/${key}`]: value },
});

test('observing decides nothing', () => {
  given(aPool(), aRevision()).under({ mode: 'observe' }).waits('only observing');
  given(aPool(annotated('mode', 'observe')), aRevision()).waits('only observing');
});

test('the annotation of a set stands above the default', () => {
  given(aPool({ replicas: 1, ...annotated('mode', 'manage') }), aRevision())
    .under({ mode: 'observe' })
    .decides(create('web-0'));
});

test('a mode that nobody knows only observes, and is told once', () => {
  given(aPool(annotated('mode', 'mange')), aRevision())
    .tells(
      'InvalidMode',
      'annotation rollcall.dev/mode must be observe, advise or manage: only observing',
    )
    .waits();
});

test('an advice is given once, starts nothing, and writes neither status nor events', () => {
  const story = given(aPool({ replicas: 2 }), aRevision(), aVm('web-0')).under({ mode: 'advise' });
  story.acts();
  expect(story.plan).toMatchObject({
    mode: 'advise',
    commands: [{ verb: 'create-vm', name: 'web-1', revision: 'web-1' }],
  });
  expect(story.view.pending.size).toBe(0);
  story.waits('the advice has been given');
});

test('another advice is given when the need is another one', () => {
  given(aReplicaSet({ replicas: 2 }))
    .under({ mode: 'advise' })
    .decides({ verb: 'create-vmi' }, { verb: 'create-vmi' })
    .waits('the advice has been given')
    .scales(1)
    .decides({ verb: 'create-vmi' });
});

test("while KubeVirt's controllers run, a set that is not paused is contested", () => {
  const story = given(aPool(), aRevision()).under({ kubevirtControllers: 'running' });
  story.tells('Contested', "KubeVirt's controllers run and spec.paused is not true");
  story.acts();
  expect(story.plan?.commands).toMatchObject([
    { verb: 'post-event', notice: { type: 'Warning', reason: 'Contested' } },
  ]);
  story.waits().shows().waits();
});

test("while KubeVirt's controllers run, a paused pool is scaled and its status left to KubeVirt", () => {
  const story = given(aPool({ replicas: 1, paused: true }), aRevision()).under({
    kubevirtControllers: 'running',
  });
  story.decides(create('web-0'));
  expect(story.status).toBeUndefined();
  story.waits();
});

test("while KubeVirt's controllers run, our annotation stands in for the pause", () => {
  given(aPool({ paused: true, ...annotated('paused', 'true') }), aRevision())
    .under({ kubevirtControllers: 'running' })
    .waits('the pool is paused');
});

test('with KubeVirt off, a set whose status KubeVirt writes after us rests until it has been quiet', () => {
  const story = given(aPool({ replicas: 1 }), aRevision(), aVm('web-0')).rests();
  const wrote = '2026-01-01T00:00:05Z';
  story
    .after(60_000)
    .changes({ replicas: 2, kubevirtWroteAt: wrote })
    .tells('Contested')
    .acts()
    .waitsUntil(660_000)
    .after(600_000)
    .tells(undefined)
    .decides(create('web-1'));
});

test('what KubeVirt wrote before our first status is what was handed over', () => {
  given(aPool({ replicas: 1 }), aRevision())
    .changes({ kubevirtWroteAt: '2026-01-01T00:00:05Z' })
    .decides(create('web-0'));
});

test('with KubeVirt off, spec.paused counts and our annotation does not', () => {
  given(aPool({ paused: true }), aRevision()).rests('the pool is paused');
  given(aPool({ replicas: 1, ...annotated('paused', 'true') }), aRevision()).decides(
    create('web-0'),
  );
});

test('a pool that heals contests every managed set of its namespace', () => {
  const healer = aPool({ name: 'healer', present: ['autohealing'] });
  const story = given(aPool({ paused: true }), aRevision(), healer).under({
    kubevirtControllers: 'running',
  });
  story.tells(
    'Contested',
    "KubeVirt's controllers run and pool healer heals every VM of the namespace",
  );
  story
    .acts()
    .waits()
    .loses(healer)
    .tells(undefined)
    .decides(create('web-0'), create('web-1'), create('web-2'));
});

test('a healer in another namespace contests nothing', () => {
  given(
    aPool({ replicas: 1, paused: true }),
    aRevision(),
    aPool({ name: 'healer', present: ['autohealing'], namespace: 'other' }),
  )
    .under({ kubevirtControllers: 'running' })
    .decides(create('web-0'));
});

test('a shard that nobody has opened is left alone', () => {
  const story = given(aPool(), aRevision());
  story.view.epoch = 0;
  story.waits('nobody has opened the shard');
});

test.each([
  ['InvalidTemplate', { problem: 'spec.template and spec.virtualMachineTemplate are both set' }],
  ['SelectorMismatch', { selector: { matchLabels: { app: 'else' } } }],
  [
    'InvalidSelector',
    { selector: { matchExpressions: [{ key: 'app', operator: 'Like', values: ['x'] }] } },
  ],
])('a pool with %s is not scaled, and a condition and an event say why', (reason, options) => {
  const story = given(aPool({ replicas: 5, ...options }), aRevision(), ...vms(0, 3));
  story.tells(reason).acts();
  expect(story.plan?.commands).toMatchObject([
    { verb: 'post-event', notice: { reason } },
    { verb: 'write-status', status: { conditions: [{ type: 'ReplicaFailure', reason }] } },
  ]);
  story.shows().waits().scales(1).after(1000).rests();
});

test('a spec that is put right is acted on again', () => {
  const story = given(aPool({ replicas: 1, selector: { matchLabels: { a: 'b' } } }), aRevision());
  story.tells('SelectorMismatch').rests();
  story
    .changes({ selector: { matchLabels: { app: 'web' } } })
    .tells(undefined)
    .decides(create('web-0'));
});

test('freeing goes on in a pool that is paused through our annotation', () => {
  given(
    aPool({ replicas: 1, paused: true, ...annotated('paused', 'true') }),
    aRevision(),
    terminating(aVm('web-0')),
  )
    .under({ kubevirtControllers: 'running' })
    .decides({ verb: 'free-member' });
});
