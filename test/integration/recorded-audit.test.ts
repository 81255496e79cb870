import { describe, expect, test } from 'vitest';

import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { Attributed, LogRecord } from '#shared/contract/records.ts';
import { recordSchema } from '#shared/contract/records.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { readRecordedAudit, uidFor, versionFor } from '#test/support/recorded-audit.ts';
import type { RecordedAudit } from '#test/support/recorded-audit.ts';
import { shard } from '#test/integration/book-story.ts';
import { auditSource } from '../../services/gateway/who/audit.ts';
import { addChanges, noChanges } from '../../services/recorder/changes.ts';
import { foldRecord } from '../../services/recorder/fold.ts';
import { emptyState } from '../../services/recorder/state.ts';
import { trim } from '../../services/watcher/trim/trim.ts';

/**
 * What a real kube-apiserver wrote into its audit log, through the door of the gateway: every shape of event
 * that was recorded, and what the book makes of them beside the pools that the same server answered.
 */

const transcripts = process.env['ROLLCALL_TRANSCRIPTS'] ?? '';
const without = transcripts === '';
const key = digestKeyOf(new Uint8Array(32).fill(7));

function delivered(events: readonly unknown[]) {
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: events };
  return auditSource.read(JSON.parse(JSON.stringify(list)));
}

/** `patch/scale VirtualMachinePool vm-pool-cirros @2: 5 by token-admin`. */
function sentence({ verb, subresource, object, replicas, user, impersonator }: Attributed): string {
  const act = subresource === undefined ? verb : `${verb}/${subresource}`;
  const version =
    object.resourceVersion === undefined
      ? ''
      : ` @${Number(object.resourceVersion) - Number(versionFor(0))}`;
  const size = replicas === undefined ? '' : ` ${replicas}`;
  const spoken = impersonator === undefined ? '' : ` (${impersonator} spoke)`;
  return `${act} ${object.kind} ${object.name}${version}:${size} by ${user}${spoken}`;
}

const pool = 'VirtualMachinePool vm-pool-cirros';
const account = (name: string): string => `system:serviceaccount:kube-system:${name}`;

describe.skipIf(without)('the recorded audit events of a kube-apiserver', () => {
  test('tell who wrote which size through which door, and who deleted what', async () => {
    const { events } = await readRecordedAudit(transcripts);
    const { records } = delivered(events);
    for (const record of records) recordSchema.parse(record);
    expect(records.map(sentence)).toEqual([
      `create ${pool} @1: 3 by token-admin`,
      `patch/scale ${pool} @2: 5 by token-admin`,
      `patch ${pool} @3: 4 by token-admin`,
      // A server-side apply, and one by the client.
      `patch ${pool} @4: 5 by token-admin`,
      `patch ${pool} @5: 3 by token-admin`,
      `update/scale ${pool} @6: 6 by ${account('horizontal-pod-autoscaler')}`,
      `patch ${pool} @7: 6 by bob (token-admin spoke)`,
      `delete ${pool}: by token-admin`,
      `delete VirtualMachine vm-pool-cirros-0: by ${account('generic-garbage-collector')}`,
      expect.stringMatching(/^deletecollection VirtualMachinePool a1 .*by token-admin$/),
      expect.stringMatching(/^deletecollection VirtualMachinePool a2 .*by token-admin$/),
      expect.stringMatching(/^delete PersistentVolumeClaim ap .*by token-admin$/),
      `create ${pool} @14: 3 by token-admin`,
    ]);
  });

  test('are left out for what they are: other stages, refusals, trials and what nobody asks about', async () => {
    const { events } = await readRecordedAudit(transcripts);
    const because = new Map<string, string[]>();
    for (const event of events) {
      const { stage, verb, responseStatus, objectRef, requestURI } = event;
      const { records, left } = delivered([event]);
      expect(left.size).toBe(records.length === 0 ? 1 : 0);
      const [reason] = left.keys();
      if (reason === undefined) continue;
      const code = isRecord(responseStatus) ? String(responseStatus['code']) : '-';
      const ref = isRecord(objectRef) ? objectRef : {};
      const what = [ref['resource'], ref['subresource']].filter(Boolean).join('/');
      const told = [stage, code, verb, what, String(requestURI).includes('dryRun=') ? 'trial' : ''];
      because.set(reason, [...(because.get(reason) ?? []), told.join(' ').trim()]);
    }
    expect([...because.keys()].toSorted()).toEqual(['dry run', 'not done', 'not ours']);
    expect(because.get('dry run')).toEqual([
      'ResponseComplete 200 patch virtualmachinepools trial',
      'ResponseComplete 200 delete virtualmachinepools',
    ]);
    const failed = because.get('not done')?.filter((told) => told.startsWith('ResponseComplete'));
    expect(failed).toEqual([
      'ResponseComplete 409 update virtualmachinepools/scale',
      'ResponseComplete 403 get virtualmachinepools',
      'ResponseComplete 422 patch virtualmachinepools',
      'ResponseComplete 404 get virtualmachinepools',
      'ResponseComplete 409 create virtualmachinepools',
      'ResponseComplete 404 get virtualmachinepools',
      'ResponseComplete 422 patch virtualmachinepools',
    ]);
    const writes = because.get('not ours')?.filter((told) => !/ (get|list|watch) /.test(told));
    expect(writes).toEqual([
      'ResponseComplete 200 patch virtualmachinepools/status',
      'ResponseComplete 201 create virtualmachines',
      'ResponseComplete 200 update persistentvolumeclaims',
      'ResponseComplete 201 create horizontalpodautoscalers',
    ]);
  });

  test('come through without any text of a template', async () => {
    const { events } = await readRecordedAudit(transcripts);
    const { records } = delivered(events);
    expect(JSON.stringify(events)).toContain('containerdisk');
    expect(JSON.stringify(records)).not.toMatch(/containerdisk|last-applied|JTI=|spec/);
  });

  test('prove each change of size beside the pools of the same server, in either order', async () => {
    const audit = await readRecordedAudit(transcripts);
    for (const toldMs of [-1, 1_000]) {
      expect(operations(factsAndClaims(audit, toldMs))).toEqual([
        'created →3 by token-admin proven (audit: create)',
        'scaled 3→5 by token-admin proven (audit: scale)',
        'scaled 5→4 by token-admin proven (audit: patch)',
        'scaled 4→5 by token-admin proven (audit: patch)',
        'scaled 5→3 by token-admin proven (audit: patch)',
        `scaled 3→6 by ${account('horizontal-pod-autoscaler')} proven (audit: scale)`,
        'deleted by token-admin proven (audit: delete)',
      ]);
    }
  });

  test('name nobody for a change who only wrote the same size once more', async () => {
    const audit = await readRecordedAudit(transcripts);
    // What a server says to a write that changes nothing: the version that is there.
    const again = audit.events
      .filter(({ objectRef }) => isRecord(objectRef) && objectRef['subresource'] === 'scale')
      .filter(({ verb, stage }) => verb === 'patch' && stage === 'ResponseComplete')
      .map((event) => ({
        ...event,
        auditID: 'again',
        user: { username: 'mallory' },
        requestReceivedTimestamp: event['stageTimestamp'],
      }));
    expect(again).toHaveLength(1);
    const { records } = delivered(again);
    const twice = { ...audit, events: [...audit.events, ...again] };
    expect(records).toMatchObject([{ user: 'mallory', replicas: 5 }]);
    expect(operations(factsAndClaims(twice, 1_000)).join()).not.toMatch(/by mallory/);
  });
});

type Arriving = { readonly at: number; readonly record: LogRecord };

/** How long after an answer a watcher has its change in the log. */
const seenAfterMs = 20;

/** What the watcher would have seen of the first pool, and what the gateway would have told `toldMs` later. */
function factsAndClaims({ events, pools }: RecordedAudit, toldMs: number): readonly Arriving[] {
  const facts = pools.map((raw): Arriving => {
    const object = trim('VirtualMachinePool', raw, key);
    return {
      at: madeMs(events, object.meta.resourceVersion),
      record: { type: 'observed', object },
    };
  });
  const told = delivered(events).records.map((record): Arriving => ({
    at: Date.parse(record.answeredAt) + seenAfterMs + toldMs,
    record,
  }));
  const ended = told.find(({ record }) => record.type === 'attributed' && record.verb === 'delete');
  const gone: Arriving = {
    at: (ended?.at ?? 0) - toldMs,
    record: {
      type: 'vanished',
      kind: 'VirtualMachinePool',
      namespace: 'default',
      name: 'vm-pool-cirros',
      uid: uid(uidFor(5)),
      resourceVersion: resourceVersionSchema.parse(versionFor(9)),
    },
  };
  return [...facts, gone, ...told].toSorted((left, right) => left.at - right.at);
}

/** When the first answer that shows a version of the pool had been given, and the watcher seen it too. */
function madeMs(events: RecordedAudit['events'], version: string): number {
  const times = events.flatMap(({ stageTimestamp, responseObject }) => {
    const metadata = isRecord(responseObject) ? responseObject['metadata'] : undefined;
    const shows = isRecord(metadata) && metadata['resourceVersion'] === version;
    return shows ? [Date.parse(String(stageTimestamp))] : [];
  });
  return Math.min(...times) + seenAfterMs;
}

/** `scaled 3→5 by token-admin proven (audit: scale)`, of the pool that was deleted. */
function operations(arrivals: readonly Arriving[]): readonly string[] {
  const state = emptyState();
  const all = noChanges();
  for (const [index, { at, record }] of arrivals.entries()) {
    const arrival = { lineage: '0123abcd', sequence: index + 1, at, shard, part: 0 };
    addChanges(all, foldRecord(state, arrival, record));
  }
  return [...all.activities.values()]
    .filter((activity) => activity.set.uid === uidFor(5))
    .map(({ operation, from, to, actor, grade, how }) => {
      const sizes = to === undefined ? '' : ` ${from ?? ''}→${to}`;
      return `${operation}${sizes} by ${actor ?? '?'} ${grade} (${how})`;
    });
}
