import { describe, expect, test } from 'vitest';
import type { TemplateDigest, Vmi } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aDigest,
  aForeignVm,
  aPool,
  aReplicaSet,
  aRevision,
  aTemplate,
  aVm,
  aVmi,
  later,
  terminating,
  vms,
} from '../testing/objects.ts';

/** What upstream’s own tests ask of its controllers, asked of the core. */

const hardware: TemplateDigest = { ...aDigest(), vmiSpec: aDigest('v2').vmiSpec };
const second = aRevision({ name: 'web-2', digest: hardware, revision: 2 });
const createVmi = { verb: 'create-vmi' } as const;
const removes = (name: string) => ({ verb: 'delete-member', member: { name } }) as const;

function count(story: Story, verb: string): number {
  return story.plan?.commands.filter((command) => command.verb === verb).length ?? 0;
}

function instance(name: string, revision: string, options: Parameters<typeof aVmi>[1] = {}): Vmi {
  return aVmi(name, { owner: aVm(name), labels: { [revisionLabel]: revision }, ...options });
}

/** Members updated to the second revision, whose instances are of the first. */
function behind(size: number, options: Parameters<typeof aPool>[0] = {}): Story {
  const names = Array.from({ length: size }, (_, at) => `web-${at}`);
  return given(
    aPool({ replicas: size, template: aTemplate({ digest: hardware }), ...options }),
    ...[aRevision(), second],
    ...names.map((name) => aVm(name, { revision: 'web-2' })),
    ...names.map((name) => instance(name, 'web-1')),
  );
}

describe('a pool', () => {
  test('deletes no more than the burst at once, and goes on', () => {
    const story = given(aPool({ replicas: 300 }), aRevision(), ...vms(0, 300)).rests();
    story.scales(0).acts();
    expect(count(story, 'delete-member')).toBe(250);
    expect(story.acts().plan?.commands.length).toBe(50);
  });

  test('deletes none that is marked deleted already, and counts it as present', () => {
    const members = vms(0, 10);
    const going = members.slice(0, 5).map(terminating);
    const freed = going.map((vm) => later(vm, { finalizers: ['kubevirt.io/x'] }));
    const story = given(aPool({ replicas: 0 }), aRevision(), ...freed, ...members.slice(5)).acts();
    expect(count(story, 'delete-member')).toBe(5);
    expect(story.status?.replicas).toBe(10);
  });

  test('ignores machines of nobody though the selector matches, and their names', () => {
    const orphans = ['web-0', 'web-1', 'web-2'].map((name) =>
      aForeignVm(name, { labels: { app: 'web' } }),
    );
    const story = given(aPool({ replicas: 1 }), aRevision(), ...orphans);
    story.decides({ verb: 'create-vm', name: 'web-3' });
    expect(story.plan?.balance.active).toBe(0);
  });

  test('makes what is missing when it is resumed, and says so', () => {
    const story = given(aPool({ replicas: 2, paused: true }), aRevision()).acts();
    expect(story.status?.conditions).toMatchObject([{ type: 'ReplicaPaused', status: 'True' }]);
    story.shows().rests().after(1000).changes({ paused: false }).acts();
    expect(count(story, 'create-vm')).toBe(2);
    expect(story.status?.conditions).toEqual([]);
    expect(story.plan?.commands.map(({ notice }) => notice?.reason)).toContain('SuccessfulResume');
  });

  test('takes nothing down while another member is not ready', () => {
    const story = behind(4, { maxUnavailable: '25%' });
    story.sees(aVm('web-3', { revision: 'web-2', version: 20, ready: { status: 'False' } }));
    const broken = instance('web-3', 'web-2', { version: 20, ready: { status: 'False' } });
    story.sees(broken).rests();
  });

  test('goes on to tell a refused restart while instances are read anew', () => {
    const story = behind(4, { maxUnavailable: '25%' });
    story.decides({ verb: 'restart-member', instance: { name: 'web-0' } }).shows();
    story.settles('restart-member', { outcome: 'refused', reason: 'Rejected' }).after(900).acts();
    story.shows().after(100).acts().shows();
    expect(story.status?.conditions).toMatchObject([{ reason: 'FailedUpdate' }, {}]);
    story.begins('VirtualMachineInstance', 'anew').after(2_000).acts();
    expect(story.status?.conditions).toMatchObject([{ reason: 'FailedUpdate' }, {}]);
  });

  test('waits after a restart that was refused, and tells it until it succeeds', () => {
    const story = behind(4, { maxUnavailable: '25%' });
    story.decides({ verb: 'restart-member', instance: { name: 'web-0' } }).shows();
    story.settles('restart-member', { outcome: 'refused', reason: 'Rejected' }).after(900).acts();
    expect(count(story, 'post-event')).toBe(1);
    expect(story.plan?.commands[0]?.notice).toMatchObject({ reason: 'FailedUpdate' });
    story.shows().after(100).acts();
    expect(story.status?.conditions).toMatchObject([
      { type: 'ReplicaFailure', reason: 'FailedUpdate' },
      { type: 'Progressing' },
    ]);
  });

  test('updates the newest first where the policy says so', () => {
    const story = behind(3, {
      maxUnavailable: 1,
      update: { type: 'proactive', selection: { sort: 'Newest' } },
    });
    story.decides({ verb: 'restart-member', instance: { name: 'web-2' } });
  });

  test('restarts an instance of which nothing says what it was made from', () => {
    const vmi = instance('web-0', 'web-1');
    const { [revisionLabel]: _, ...rest } = vmi.meta.labels;
    given(aPool({ replicas: 1 }), aRevision(), aVm('web-0'), later(vmi, { labels: rest })).decides({
      verb: 'restart-member',
      instance: { name: 'web-0' },
    });
  });

  test('heals none that the selectors of scale-in spare', () => {
    const selection = { labels: { matchLabels: { tier: 'spare' } } };
    const failed = { consecutiveFailCount: 3 };
    const story = given(
      aPool({ replicas: 4, healing: {}, scaleIn: { type: 'proactive', selection } }),
      ...[aRevision(), ...vms(0, 2), aVm('web-2', failed)],
      aVm('web-3', { ...failed, vmiLabels: { tier: 'spare' } }),
    );
    story.decides({ ...removes('web-3'), purpose: 'heal' }).rests();
  });

  test('restarts no machine that nothing would bring back', () => {
    const manual = aVm('web-0', { revision: 'web-2', runStrategy: 'Manual' });
    given(
      aPool({ replicas: 1, template: aTemplate({ digest: hardware }) }),
      ...[aRevision(), second, manual, instance('web-0', 'web-1')],
    ).rests();
  });

  test('goes back to an earlier template while it is paused', () => {
    given(aPool({ replicas: 1, paused: true }), aRevision(), aVm('web-0'))
      .rests()
      .changes({}, { annotations: { 'rollcall.dev/rollback-to': 'web-1' } })
      .decides({ verb: 'roll-back', revision: { name: 'web-1' } });
  });

  test('tells selectors of the update that cannot be read, and updates nobody', () => {
    const selection = { nodes: [{ key: 'zone', operator: 'Like', values: ['a'] }] };
    const story = behind(2, { update: { type: 'proactive', selection } }).acts();
    expect(story.status?.conditions).toMatchObject([{ reason: 'FailedUpdate' }]);
    expect(story.plan?.commands.map(({ verb }) => verb)).toEqual(['write-status']);
  });

  test('a member that takes its time after a late restart does not halt the roll-out', () => {
    const story = behind(2, { maxUnavailable: 1 }).after(3_600_000);
    story.decides({ verb: 'restart-member', instance: { name: 'web-0' } }).shows();
    const old = instance('web-0', 'web-1');
    story.sees(later(old, { deletedAt: '2026-01-01T01:00:00Z' })).rests();
    story.after(1000).rests();
    expect(story.view.objects.get(story.uid)).toMatchObject({
      status: { conditions: [{ type: 'Progressing', status: 'True' }] },
    });
  });

  test('a template whose every member fails is told though nobody is left to take down', () => {
    const story = behind(1).decides({ verb: 'restart-member' }).shows();
    const failing = { ready: { status: 'False' }, consecutiveFailCount: 2 };
    story
      .loses(instance('web-0', 'web-1'))
      .sees(aVm('web-0', { revision: 'web-2', version: 20, ...failing }));
    story.rests().after(600_000).acts();
    expect(story.status?.conditions).toMatchObject([
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
    ]);
  });

  test('extra members never stand in a gap, where another would go in their place', () => {
    const update = { type: 'proactive', maxUnavailable: 0, maxSurge: 1 } as const;
    const names = ['web-0', 'web-4'];
    given(
      aPool({ replicas: 2, template: aTemplate({ digest: hardware }), update }),
      ...[aRevision(), second],
      ...names.map((name) => aVm(name, { revision: 'web-2' })),
      ...names.map((name) => instance(name, 'web-1')),
    ).decides({ verb: 'create-vm', name: 'web-5' });
  });

  test('prunes no revision that a stray is made from', () => {
    const revisions = Array.from({ length: 13 }, (_, at) =>
      aRevision({ name: `web-${at + 1}`, revision: at + 1, digest: aDigest(`v${at + 1}`) }),
    );
    const stray = aVm('web-0', { revision: 'web-2', labels: { app: 'mine' } });
    const story = given(
      aPool({ replicas: 0, template: aTemplate({ digest: aDigest('v13') }) }),
      ...[...revisions, stray],
    );
    story.decides({ verb: 'release-member' });
    story.settles('release-member', { outcome: 'refused', reason: 'Rejected' });
    story.decides(
      { verb: 'delete-revision', name: 'web-1' },
      { verb: 'delete-revision', name: 'web-3' },
    );
  });

  test('a member whose delete is under way when the pool goes is waited for', () => {
    const pool = aPool({ replicas: 1, scaleIn: { type: 'proactive', preservation: 'Offline' } });
    const story = given(pool, aRevision(), ...vms(0, 2))
      .decides(removes('web-1'))
      .shows();
    story.changes({}, { deletedAt: '2026-01-02T00:00:00Z' });
    story.decides({ verb: 'free-member', member: { name: 'web-0' } });
    story.settles('delete-member', { outcome: 'stale', reason: 'SetGone' });
    story.decides({ verb: 'free-member', member: { name: 'web-1' }, purpose: 'retire' });
  });
});

describe('a replica set', () => {
  test('makes no more than the burst at once', () => {
    expect(count(given(aReplicaSet({ replicas: 300 })).acts(), 'create-vmi')).toBe(250);
  });

  test('deletes no more than the burst at once', () => {
    const many = Array.from({ length: 300 }, (_, at) => aVmi(`ci-${at}`));
    const story = given(aReplicaSet({ replicas: 300 }), ...many)
      .rests()
      .scales(0)
      .acts();
    expect(count(story, 'delete-member')).toBe(250);
  });

  test('replaces those that are marked deleted, and none twice', () => {
    const live = ['a', 'b', 'c'].map((name) => aVmi(`ci-${name}`));
    const going = ['d', 'e', 'f'].map((name) => terminating(aVmi(`ci-${name}`)));
    const story = given(aReplicaSet({ replicas: 10 }), ...live, ...going).acts();
    expect(count(story, 'create-vmi')).toBe(7);
  });

  test('deletes none that is marked deleted already', () => {
    const live = ['a', 'b', 'c', 'd', 'e'].map((name) => aVmi(`ci-${name}`));
    const going = ['f', 'g', 'h', 'i'].map((name) => terminating(aVmi(`ci-${name}`)));
    const story = given(aReplicaSet({ replicas: 3 }), ...live, ...going).acts();
    expect(count(story, 'delete-member')).toBe(2);
  });

  test.each(['Unknown', 'Pending', 'WaitingForSync'])('counts phase %s as active', (phase) => {
    given(aReplicaSet({ replicas: 1 }), aVmi('ci-a', { phase })).rests();
  });

  test('an absent size is one, and none is none', () => {
    const { replicas: _, ...absent } = aReplicaSet();
    given(absent).decides(createVmi);
    given(aReplicaSet({ replicas: 0 }), aVmi('ci-a')).decides(removes('ci-a'));
  });

  test('clears away what has ended though nothing is wanted', () => {
    given(aReplicaSet({ replicas: 0 }), aVmi('ci-a', { phase: 'Succeeded' })).decides({
      ...removes('ci-a'),
      purpose: 'clean-up',
    });
  });

  test('its status follows readiness, and is left alone when nothing has changed', () => {
    const vmi = aVmi('ci-a', { ready: { status: 'False' } });
    const story = given(aReplicaSet({ replicas: 1 }), vmi).acts();
    expect(story.status).toMatchObject({ replicas: 1, readyReplicas: 0, labelSelector: 'app=web' });
    story.shows().rests().after(1000);
    story.sees(later(vmi, {}, { ready: { status: 'True' } })).acts();
    expect(story.status).toMatchObject({ replicas: 1, readyReplicas: 1 });
    story.shows().rests().after(60_000).rests();
  });

  test('tells a create that was refused, keeps the time of the first, and takes it back', () => {
    const story = given(aReplicaSet({ replicas: 1 }))
      .decides(createVmi)
      .shows();
    const refused = { outcome: 'refused', reason: 'QuotaExceeded' } as const;
    story.settles('create-vmi', refused).after(1000).acts().shows();
    expect(story.status?.conditions).toMatchObject([
      {
        type: 'ReplicaFailure',
        reason: 'FailedCreate',
        message: 'creating is refused: QuotaExceeded',
      },
    ]);
    const since = story.status?.conditions?.[0]?.lastTransitionTime;
    expect(since).toBeDefined();
    story.settles('create-vmi', { version: 2000, uid: aVmi('ci-a').meta.uid });
    story
      .sees(aVmi('ci-a', { version: 2000 }))
      .after(1000)
      .acts();
    expect(story.status?.conditions).toEqual([]);
  });

  test('tells a delete that was refused', () => {
    const story = given(aReplicaSet({ replicas: 0 }), aVmi('ci-a'))
      .decides(removes('ci-a'))
      .shows();
    story.settles('delete-member', { outcome: 'refused', reason: 'Rejected' }).after(900).acts();
    story.shows().after(100).acts();
    expect(story.status?.conditions).toMatchObject([{ reason: 'FailedDelete' }]);
  });

  test('a template that changes touches no member', () => {
    const story = given(aReplicaSet({ replicas: 1 }), aVmi('ci-a')).rests();
    story.changes({ template: aTemplate({ digest: hardware }) }).rests();
  });

  test('a selector that changes lets members go, and takes others in', () => {
    const labels = { app: 'next' };
    const orphan = later(aVmi('lost', { labels }), { owners: [] });
    const story = given(aReplicaSet({ replicas: 1 }), aVmi('ci-a'), orphan).rests();
    story.changes({ selector: { matchLabels: labels }, template: aTemplate({ labels }) });
    story.decides({ verb: 'release-member', member: { name: 'ci-a' } });
    story.decides({ verb: 'adopt-member', member: { name: 'lost' } }).rests();
  });
});
