import { connect, StringCodec } from 'nats';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { observeLog } from '#shared/stream/observe-log.ts';
import { askRewind, openRewind } from '#shared/stream/rewind.ts';
import { provision } from '#shared/stream/provision.ts';
import { wantedStreams } from '#shared/stream/stream-config.ts';
import { covers, natsGrants } from '#test/support/nats-grants.ts';
import { startNats } from '#test/support/start-nats.ts';
import type { RunningNats } from '#test/support/start-nats.ts';
import { until } from '#test/support/until.ts';
import { aFact, anOpening, aShard } from './log-records.ts';

/* Each user of deploy/nats may do what it is granted, and the broker refuses it everything else. */

const grants = natsGrants();
const users = [...grants.keys()];
const log = silentLogger();
const text = StringCodec();
let nats: RunningNats;

beforeAll(async () => {
  nats = await startNats();
  await provision(settingsFor('provision'), log);
});
afterAll(() => nats.stop());

function settingsFor(user: string) {
  const { monitorUrl } = nats;
  return { cluster: 'default', url: nats.urlFor(user), monitorUrl, allowLazySync: false };
}

async function entered(user: string): Promise<NatsConnection> {
  const url = new URL(nats.urlFor(user));
  return connect({ servers: url.host, user, pass: url.password, inboxPrefix: `_INBOX.${user}` });
}

const streams = wantedStreams('default').map(({ name }) => name);
const lease = (holder: string): string => `$KV.rollcall-leases.${holder}`;

/** Everything that a subject of ours, or of the broker's own interface, could be used for. */
const subjects: readonly string[] = [
  ...['fact', 'intake', 'decision', 'outcome'].map((family) => `rc.07.${family}`),
  'rc.07.other',
  'rc.fact',
  'other',
  ...users.map(lease),
  ...['cluster', 'policy', 'rewind', 'rewound', 'surveys'].map(
    (key) => `$KV.rollcall-positions.${key}`,
  ),
  ...users.map((user) => `$KV.rollcall-positions.${user}`),
  '$O.rollcall-snapshots.C.00-a',
  '$O.rollcall-snapshots.M.MDAtYQ==',
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.LIST',
  '$JS.API.ACCOUNT.PURGE.x',
  '$JS.API.META.LEADER.STEPDOWN',
  ...[...streams, 'OTHER'].flatMap((stream) => [
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'INFO', 'SNAPSHOT', 'RESTORE'].map(
      (verb) => `$JS.API.STREAM.${verb}.${stream}`,
    ),
    ...['GET', 'DELETE'].map((verb) => `$JS.API.STREAM.MSG.${verb}.${stream}`),
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.rc.07.fact`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.reader`,
    `$JS.API.CONSUMER.CREATE.${stream}.reader.rc.*.decision`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.reader`,
    `$JS.API.CONSUMER.DELETE.${stream}.reader`,
    `$JS.API.CONSUMER.NAMES.${stream}`,
    `$JS.API.CONSUMER.INFO.${stream}.reader`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.reader`,
    `$JS.ACK.${stream}.reader.1.1.1.1.1`,
  ]),
  '$SYS.REQ.SERVER.PING',
  ...users.map((user) => `_INBOX.${user}.forged`),
];

describe.for(users)('%s', (user) => {
  test('is refused each subject that it is not granted, and no other', async () => {
    await using connection = closing(await entered(user));
    const refused = refusals(connection.nats, 'publish');
    // Not JSON: the broker refuses to act on it where it lets it through.
    for (const subject of subjects) connection.nats.publish(subject, text.encode('?'));
    const granted = grants.get(user)?.publish ?? [];
    const expected = subjects.filter((subject) => !granted.some((one) => covers(one, subject)));
    await connection.nats.flush();
    await until('each refusal', () => refused.size >= expected.length);
    expect([...refused].toSorted()).toEqual([...new Set(expected)].toSorted());
  });

  test('hears the answers to its own questions, and nothing else', async () => {
    await using connection = closing(await entered(user));
    const refused = refusals(connection.nats, 'subscription');
    const others = users.filter((other) => other !== user).map((other) => `_INBOX.${other}.>`);
    const wanted = [...others, '_INBOX.>', '_INBOX.*.x', '>', 'rc.>', '$JS.>', '$KV.>', '$SYS.>'];
    for (const subject of wanted) connection.nats.subscribe(subject, { callback: () => {} });
    const own = connection.nats.subscribe(`_INBOX.${user}.own`, { callback: () => {} });
    await connection.nats.flush();
    await until('each refusal', () => refused.size >= wanted.length);
    expect([...refused].toSorted()).toEqual(wanted.toSorted());
    expect(own.isClosed()).toBe(false);
  });
});

test.for(['watcher', 'reconciler', 'executor', 'recorder', 'gateway'])(
  '%s opens the log and asks how long it is',
  async (user) => {
    await using stream = await openNatsLog(settingsFor(user), log);
    expect(await stream.bounds()).toMatchObject({ first: 1 });
  },
);

test('the command line sees how long the log is, who is active and what was asked for', async () => {
  await using observer = await observeLog(settingsFor('cli'), log);
  const report = await observer.report(['nobody']);
  expect(report).toMatchObject({ bounds: { first: 1 }, lazy: undefined, holders: new Map() });
  await askRewind(observer.positions, { id: 'one', askedAt: 1, by: 'somebody' });
  expect(await openRewind(observer.positions)).toMatchObject({ id: 'one' });
});

test('a service ends when it is refused a right, for that will not come by waiting', async () => {
  await using stream = await openNatsLog(settingsFor('recorder'), log);
  void stream.append(aShard(1), 'fact', aFact('a')).catch(() => {});
  await expect(stream.lost).rejects.toThrow('NATS forbids this user to publish rc.01.fact');
});

test('only the reconciler decides', async () => {
  await using executor = await openNatsLog(settingsFor('executor'), log);
  void executor.appendDecision(aShard(1), anOpening('somebody'), 0).catch(() => {});
  await expect(executor.lost).rejects.toThrow('forbids this user to publish rc.01.decision');
});

test('a wrong password is refused', async () => {
  const url = nats.urlFor('watcher').replace(/:[^:@]+@/, ':wrong@');
  await expect(openNatsLog({ ...settingsFor('watcher'), url }, log)).rejects.toThrow(
    /cannot be used/,
  );
});

/** The subjects that the broker refuses from now on. */
function refusals(connection: NatsConnection, what: 'publish' | 'subscription'): Set<string> {
  const refused = new Set<string>();
  void (async () => {
    for await (const { permissionContext: context } of connection.status()) {
      if (context?.operation === what) refused.add(context.subject);
    }
  })();
  return refused;
}

function closing(nats: NatsConnection) {
  return { nats, [Symbol.asyncDispose]: () => nats.close() };
}
