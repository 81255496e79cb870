import { describe, expect, test } from 'vitest';
import type { Observable, Pool, Vmi } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { given, type Story } from '../testing/given.ts';
import { aDigest, aPool, aRevision, aTemplate, aVm, aVmi } from '../testing/objects.ts';

/** What a roll-out does to machines that KubeVirt does not start again when their instance is deleted. */

const hardware = { ...aDigest(), vmiSpec: aDigest('v2').vmiSpec ?? '' };
const revisions = [aRevision(), aRevision({ name: 'web-2', digest: hardware, revision: 2 })];
const asleep = { status: 'False', reason: 'VMINotExists' };

/** A VM that has the new template already. */
function updated(name: string, options: Parameters<typeof aVm>[1] = {}) {
  return aVm(name, { revision: 'web-2', ...options });
}

function instance(name: string, revision = 'web-1', options: Parameters<typeof aVmi>[1] = {}): Vmi {
  return aVmi(name, { owner: aVm(name), labels: { [revisionLabel]: revision }, ...options });
}

function rolling(options: Partial<Pool>, ...objects: readonly Observable[]): Story {
  const vms = objects.filter(({ kind }) => kind === 'VirtualMachine');
  const template = aTemplate({ digest: hardware });
  return given(
    aPool({ replicas: vms.length, template, ...options }),
    ...[...revisions, ...objects],
  );
}

const restart = (name: string) => ({ verb: 'restart-member', instance: { name } }) as const;

test.each(['RerunOnFailure', 'Manual', 'Halted', 'WaitAsReceiver', 'OfALaterVersion'])(
  'a machine of the run strategy %s is not taken down, for it would stay down',
  (runStrategy) => {
    rolling({}, updated('web-0', { runStrategy }), instance('web-0')).rests();
  },
);

test.each(['Always', 'Once'])(
  'a machine of the run strategy %s is restarted, for it comes back',
  (runStrategy) => {
    const story = rolling({}, updated('web-0', { runStrategy }), instance('web-0'));
    story.decides(restart('web-0'));
  },
);

test('one that is not ready is not taken down either, when it would stay down', () => {
  const runStrategy = 'RerunOnFailure';
  const ready = { status: 'False' };
  rolling(
    {},
    updated('web-0', { runStrategy, ready }),
    instance('web-0', 'web-1', { ready }),
  ).rests();
});

describe('a pool whose machines do not come back by themselves', () => {
  const options = { runStrategy: 'RerunOnFailure' } as const;
  const behind = ['web-0', 'web-1'];
  const pool = { maxUnavailable: 1 } as const;

  test('has its machines updated, and the roll-out is over with that', () => {
    const vms = behind.map((name) => aVm(name, options));
    const story = rolling(pool, ...vms, ...behind.map((name) => instance(name)));
    story.decides({ verb: 'update-vm' }, { verb: 'update-vm' });
    story.settles('update-vm', { version: 3000 });
    story.sees(...behind.map((name) => updated(name, { ...options, version: 3000 }))).rests();
  });

  test('counts those as updated that were started anew, and no others', () => {
    const story = rolling(
      pool,
      ...behind.map((name) => updated(name, options)),
      ...[instance('web-0', 'web-2'), instance('web-1')],
    ).after(1000);
    story.acts();
    expect(story.status).toMatchObject({ updatedReplicas: 1, updateRevision: 'web-2' });
    expect(story.status?.conditions).toEqual([]);
  });

  test('gets no extra members for a roll-out that takes nobody down', () => {
    const update = { type: 'proactive', maxUnavailable: 0, maxSurge: 1 } as const;
    const vms = behind.map((name) => updated(name, options));
    rolling({ update }, ...vms, ...behind.map((name) => instance(name))).rests();
  });
});

describe('the others of a roll-out do not wait for', () => {
  const behind = [updated('web-1'), instance('web-1')];
  const pool = { maxUnavailable: 1 } as const;

  test.each(['RerunOnFailure', 'Manual', 'Halted'])(
    'a machine of %s that somebody has stopped',
    (runStrategy) => {
      const stopped = { runStrategy, ready: asleep, printableStatus: 'Stopped' };
      rolling(pool, updated('web-0', stopped), ...behind).decides(restart('web-1'));
    },
  );

  test.each(['RerunOnFailure', 'Manual', 'Once'])(
    'a machine of %s whose guest has shut down',
    (runStrategy) => {
      const over = instance('web-0', 'web-2', { phase: 'Succeeded', ready: { status: 'False' } });
      const stopped = { runStrategy, ready: asleep, printableStatus: 'Stopped' };
      rolling(pool, updated('web-0', stopped), over, ...behind).decides(restart('web-1'));
    },
  );

  test('a machine that waits for one that is migrated to it', () => {
    const options = { runStrategy: 'WaitAsReceiver', ready: { status: 'False' } };
    const waiting = instance('web-0', 'web-2', { phase: 'WaitingForSync' });
    rolling(pool, updated('web-0', options), waiting, ...behind).decides(restart('web-1'));
  });
});

describe('the others of a roll-out wait for', () => {
  const behind = [updated('web-1'), instance('web-1')];
  const pool = { maxUnavailable: 1 } as const;
  const runStrategy = 'RerunOnFailure';

  test('a machine of RerunOnFailure that was just made, for its first instance comes by itself', () => {
    const made = { runStrategy, ready: asleep, printableStatus: 'Provisioning' };
    rolling(pool, updated('web-0', made), ...behind).rests();
  });

  test('a machine of RerunOnFailure that failed and is about to be run again', () => {
    const failed = instance('web-0', 'web-2', { phase: 'Failed', ready: { status: 'False' } });
    rolling(pool, updated('web-0', { runStrategy, ready: asleep }), failed, ...behind).rests();
  });

  test('a machine of Manual that somebody has started', () => {
    const starting = instance('web-0', 'web-2', { phase: 'Scheduling' });
    const options = { runStrategy: 'Manual', ready: { status: 'False' } };
    rolling(pool, updated('web-0', options), starting, ...behind).rests();
  });
});
