import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { postgresUrl } from '../../services/sandbox/launch/postgres-server.mjs';
import { grantsOfBook, statementsIn, traceStatements } from '../support/database-use.ts';
import { covers, natsGrants } from '../support/nats-grants.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/*
 * What each service used of what it is granted, in the cluster and on the broker, while it did all that it
 * does. A right that is missing fails at once; one that nothing uses stands here with its reason, or goes.
 */

let rollcall: Rollcall;

beforeAll(async () => {
  rollcall = await startRollcall({ env: { ROLLCALL_NATS_TRACE: '1' } });
  await traceStatements(ownerUrl());
  await everything();
}, 280_000);

afterAll(async () => {
  await rollcall?.[Symbol.asyncDispose]();
}, 60_000);

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

function ownerUrl(): string {
  const password = readFileSync(join(rollcall.home, 'secrets', 'postgres-password'), 'utf8').trim();
  const ports: unknown = JSON.parse(readFileSync(join(rollcall.home, 'ports.json'), 'utf8'));
  const { postgres: port } = z.looseObject({ postgres: z.int() }).parse(ports);
  return postgresUrl({ password, port });
}

/** A story in which every service does each of its things. */
async function everything(): Promise<void> {
  const namesOf = async (kind: string) => (await kubectl('get', kind, '-o', 'name')).split('\n');
  const count = async (kind: string, part: string) =>
    (await namesOf(kind)).filter((name) => name.includes(part)).length;
  await kubectl('create', '-f', 'deploy/examples/vm-pool-cirros.yaml');
  await kubectl('create', '-f', 'deploy/examples/vmi-cirros-replicaset.yaml');
  await until('three VMs', async () => (await count('vm', 'vm-pool-cirros')) === 3);
  await until('two VMIs', async () => (await count('vmi', 'vmi-cirros')) === 2);
  await kubectl('scale', 'vmirs', 'vmi-cirros-replicaset', '--replicas', '1');
  await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '1');
  await until('one VM', async () => (await count('vm', 'vm-pool-cirros')) === 1);
  await until('one VMI', async () => (await count('vmi', 'vmi-cirros')) === 1);
  await kubectl('delete', 'vmpool', 'vm-pool-cirros');
  await until('no VM', async () => (await count('vm', 'vm-pool-cirros')) === 0);
  await askGateway();
  const commands = [['status'], ['history', '-A'], ['deleted-volumes', '-A'], ['verify'], ['sets']];
  for (const command of commands) await rollcall.rollcall(command, { mayFail: true });
  await rollcall.rollcall(['accept-rewind', '--yes']);
  // What was kept is read again at the next start.
  await rollcall.stop();
  await rollcall.restart();
}

async function askGateway(): Promise<void> {
  const url = /gateway\s+(http\S+)/.exec(rollcall.output())?.[1] ?? '';
  const authorization = `Bearer ${readFileSync(join(rollcall.home, 'token'), 'utf8').trim()}`;
  for (const path of ['/v1/sets', '/v1/scale-operations', '/v1/deleted-volumes']) {
    const answer = await fetch(url + path, { headers: { authorization } });
    expect(answer.status, `${path}: ${await answer.text()}`).toBe(200);
  }
  const events = await fetch(`${url}/v1/events?after=0`, { headers: { authorization } });
  const reader = events.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await reader?.cancel();
}

const usedSchema = z.object({
  user: z.string(),
  allowed: z.boolean(),
  verb: z.string(),
  group: z.string(),
  resource: z.string(),
  name: z.string(),
});

type Used = z.infer<typeof usedSchema>;

function usedRights(): readonly Used[] {
  const text = readFileSync(join(rollcall.home, 'sandbox', 'used-rights.jsonl'), 'utf8');
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => usedSchema.parse(JSON.parse(line)));
}

const prefix = 'system:serviceaccount:rollcall-system:';

function wordsFor({ user, verb, group, resource, name }: Omit<Used, 'allowed'>): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` ${name}`}`;
  return `${user.replace(prefix, '')} ${verb} ${what}`;
}

const roleSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  rules: z
    .array(
      z.strictObject({
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
        verbs: z.array(z.string()),
        resourceNames: z.array(z.string()).default(['']),
      }),
    )
    .default([]),
  roleRef: z.looseObject({ name: z.string() }).optional(),
  subjects: z.array(z.looseObject({ name: z.string() })).default([]),
});

/** Each right of the overlay `hand-over` and of the webhook, as `user verb resource`. */
function grantedRights(): readonly string[] {
  const objects = [
    'deploy/base/rights.yaml',
    'deploy/overlays/hand-over/executor-writes.yaml',
    'deploy/components/webhook/rights.yaml',
  ]
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map((document) => roleSchema.parse(document.toJS()));
  return objects.flatMap(({ roleRef, subjects }) => {
    const role = objects.find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === roleRef?.name,
    );
    return subjects.flatMap(({ name: user }) => rightsIn(role?.rules ?? [], user));
  });
}

function rightsIn(rules: z.infer<typeof roleSchema>['rules'], user: string): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => wordsFor({ user, verb, group, resource, name })),
        ),
      ),
    ),
  );
}

/** Rights that the story does not come to, each with what needs it. */
const seldom: readonly (readonly [RegExp, string])[] = [
  [/finalizers/, 'asked only where owner references are enforced'],
  [/^executor patch virtualmachines\./, 'a member is secured, released, updated'],
  [/^executor patch virtualmachineinstances\./, 'a member is adopted, released, labelled'],
  [/^executor (get|patch) (datavolumes|persistentvolumeclaims)/, 'a disk is preserved'],
  [/^executor (get|delete) controllerrevisions/, 'a revision is read for an update, and pruned'],
  [/^gateway get virtualmachinepools/, 'a warning before a pool is scaled in'],
  [/^executor patch virtualmachineinstancereplicasets\./, 'a set is marked when it is adopted'],
];

test('no service asked the cluster for what it is not granted', () => {
  expect(
    usedRights()
      .filter(({ allowed }) => !allowed)
      .map(wordsFor),
  ).toEqual([]);
});

test('the cluster grants each service what it uses, and nothing over', () => {
  const used = new Set(usedRights().map(wordsFor));
  const over = grantedRights()
    .filter((right) => !used.has(right))
    .filter((right) => !seldom.some(([pattern]) => pattern.test(right)));
  expect(over).toEqual([]);
  expect([...used].filter((right) => !grantedRights().includes(right))).toEqual([]);
});

/** Subjects by user, out of what the broker has traced. */
function usedSubjects(): ReadonlyMap<string, ReadonlySet<string>> {
  const userOf = new Map<string, string>();
  const used = new Map<string, Set<string>>();
  for (const line of readFileSync(join(rollcall.home, 'log', 'nats.log'), 'utf8').split('\n')) {
    // A connection's number counts from the start of the server's process, whose number comes first.
    const [, server = '', connection = ''] = /^\[(\d+)\].* cid:(\d+) -/.exec(line) ?? [];
    const id = `${server}/${connection}`;
    const [, user] = /<<- \[CONNECT .*"user":"(\w+)"/.exec(line) ?? [];
    if (user !== undefined) userOf.set(id, user);
    const [, subject] = /<<- \[H?PUB (\S+)/.exec(line) ?? [];
    const by = userOf.get(id);
    if (subject === undefined || by === undefined) continue;
    used.set(by, (used.get(by) ?? new Set()).add(subject));
  }
  return used;
}

test('the broker refused nobody anything', () => {
  const log = readFileSync(join(rollcall.home, 'log', 'nats.log'), 'utf8');
  expect(log.split('\n').filter((line) => /violation/i.test(line))).toEqual([]);
});

/** What a service needs on a broker only now and then. */
const rareSubjects: readonly (readonly [RegExp, string])[] = [
  [/^provision \$JS\.API\.STREAM\.UPDATE\./, 'an upgrade changes a stream'],
  [/^\w+ \$JS\.API\.STREAM\.MSG\.GET\.KV_rollcall-leases$/, 'a lease that ran out is looked at'],
  [/^executor \$KV\.rollcall-positions\.cluster$/, 'whoever comes first claims the stream'],
  [/^watcher \$KV\.rollcall-positions\.cluster$/, 'whoever comes first claims the stream'],
  [/^reconciler \$KV\.rollcall-positions\.surveys$/, 'asked for only of a log that was set back'],
];

test('the broker grants each user what it uses, and nothing over', () => {
  const used = usedSubjects();
  const over = [...natsGrants()].flatMap(([user, { publish }]) =>
    publish
      .filter((grant) => ![...(used.get(user) ?? [])].some((subject) => covers(grant, subject)))
      .map((grant) => `${user} ${grant}`)
      .filter((line) => !rareSubjects.some(([pattern]) => pattern.test(line))),
  );
  expect(over).toEqual([]);
  expect([...used.keys()].toSorted()).toEqual([...natsGrants().keys()].toSorted());
});

/** What a role needs in the database only now and then. */
const rareStatements: readonly (readonly [RegExp, string])[] = [
  [/^recorder (INSERT|UPDATE|DELETE|SELECT) hold$/, 'a set is held'],
  [/^recorder (INSERT|UPDATE|SELECT) poison$/, 'a record cannot be read'],
  [/^recorder (INSERT|UPDATE) deleted_volume$/, 'a disk is endangered'],
  [/^recorder UPDATE attribution$/, 'the cluster is set back'],
  [/^recorder INSERT position$/, 'once, in an empty book'],
  [/^recorder SELECT entry$/, 'the log is another one than before'],
  [/^reader SELECT attributions$/, 'an auditor asks the database itself'],
];

test('the database grants each role what it uses, and nothing over', async () => {
  const log = readFileSync(join(rollcall.home, 'log', 'postgres.log'), 'utf8');
  expect(log).not.toContain('permission denied');
  const used = statementsIn(log);
  const granted = await grantsOfBook(ownerUrl());
  const over = granted
    .filter((right) => !used.has(right))
    .filter((right) => !rareStatements.some(([pattern]) => pattern.test(right)));
  expect(over).toEqual([]);
});

test('a password stands in no command line, and no file that others may read', async () => {
  const secrets = JSON.parse(
    readFileSync(join(rollcall.home, 'secrets', 'nats-passwords.json'), 'utf8'),
  );
  const passwords = Object.values(z.record(z.string(), z.string()).parse(secrets));
  expect(new Set(passwords).size).toBe(passwords.length);
  for (const pid of rollcall.pids().values()) {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    expect(passwords.filter((password) => line.includes(password))).toEqual([]);
  }
  const log = readFileSync(join(rollcall.home, 'log', 'nats.log'), 'utf8');
  expect(passwords.filter((password) => log.includes(password))).toEqual([]);
});
