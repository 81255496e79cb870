import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import { natsUrl } from '../../services/sandbox/launch/nats-server.mjs';
import { postgresUrl } from '../../services/sandbox/launch/postgres-server.mjs';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/*
 * A secret of its own is planted in every field that people keep secrets in. After a story in which all
 * services do all they do, none of them may be found anywhere but in the cluster.
 */

const planted = new Map<string, string>();

/** A secret that stands nowhere else; where it is planted tells what has leaked. */
function canary(place: string): string {
  const secret = `canary${randomBytes(12).toString('hex')}`;
  planted.set(place, secret);
  return secret;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function annotations(place: string) {
  return { 'example.com/token': canary(`annotation of the ${place}`) };
}

/** A template with something secret wherever there is room for it. */
function instanceTemplate(place: string, labels: Readonly<Record<string, string>>) {
  return {
    metadata: {
      labels,
      annotations: {
        ...annotations(`instance of the ${place}`),
        'hooks.kubevirt.io/hookSidecars': JSON.stringify([
          { image: 'sidecar', env: [{ name: 'PASSWORD', value: canary(`env, ${place}`) }] },
        ]),
      },
    },
    spec: {
      accessCredentials: [
        {
          userPassword: {
            source: { secret: { secretName: canary(`accessCredentials, ${place}`) } },
            propagationMethod: { qemuGuestAgent: {} },
          },
        },
      ],
      domain: {
        devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] },
        firmware: {
          serial: canary(`serial, ${place}`),
          kernelBoot: { kernelArgs: `password=${canary(`kernelArgs, ${place}`)}` },
        },
        resources: { requests: { memory: '64Mi' } },
      },
      volumes: [
        {
          name: 'root',
          containerDisk: { image: 'cirros:1', imagePullSecret: canary(`pull, ${place}`) },
        },
        {
          name: 'cloud-init',
          cloudInitNoCloud: {
            userData: `#cloud-config\npassword: ${canary(`userData, ${place}`)}\n`,
            networkData: `wifi: ${canary(`networkData, ${place}`)}\n`,
          },
        },
        {
          name: 'config-drive',
          cloudInitConfigDrive: {
            userDataBase64: base64(canary(`userDataBase64, ${place}`)),
            networkDataBase64: base64(canary(`networkDataBase64, ${place}`)),
            secretRef: { name: canary(`secretRef, ${place}`) },
          },
        },
        { name: 'sysprep', sysprep: { secret: { name: canary(`sysprep, ${place}`) } } },
      ],
    },
  };
}

function pool(name: string, broken: boolean) {
  const labels = { pool: name };
  const template = instanceTemplate(name, labels);
  // The API server quotes what it refuses.
  const refused = broken ? { [`no key ${canary('text of an API error')}`]: 'x' } : {};
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, namespace: 'default', annotations: annotations(name) },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels, annotations: { ...annotations(`machine of ${name}`), ...refused } },
        spec: { runStrategy: 'Always', template },
      },
    },
  };
}

function replicaSet(name: string) {
  const labels = { set: name };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    metadata: { name, namespace: 'default', annotations: annotations(name) },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: instanceTemplate(name, labels),
    },
  };
}

let rollcall: Rollcall;
/** What people and programs were answered, by what they asked. */
const answers = new Map<string, string>();

beforeAll(async () => {
  rollcall = await startRollcall({ env: { LOG_LEVEL: 'trace' } });
  await story();
}, 280_000);

afterAll(async () => {
  await rollcall?.[Symbol.asyncDispose]();
}, 60_000);

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

async function story(): Promise<void> {
  const objects = [pool('keeper', false), pool('refused', true), replicaSet('copies')];
  for (const object of objects) {
    // Client-side apply keeps the whole object in an annotation once more.
    await rollcall.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
  }
  const machines = async () => (await kubectl('get', 'vm', '-o', 'name')).match(/keeper-/g)?.length;
  await until('two machines', async () => (await machines()) === 2);
  const executor = () => readFileSync(join(rollcall.home, 'log', 'executor.log'), 'utf8');
  await until('a refusal', () => /default\/refused.*"outcome":"refused"/.test(executor()));
  await kubectl('scale', 'vmpool', 'keeper', '--replicas', '3');
  await until('three machines', async () => (await machines()) === 3);
  await kubectl('scale', 'vmpool', 'keeper', '--replicas', '1');
  await until('one machine', async () => (await machines()) === 1);
  const token = { metadata: { annotations: annotations('change of the pool') } };
  await kubectl('patch', 'vmpool', 'keeper', '--type', 'merge', '-p', JSON.stringify(token));
  await kubectl('delete', 'vm', 'keeper-0', '--wait=false');
  await kubectl('delete', 'vmirs', 'copies');
  await until(
    'no copies',
    async () => !(await kubectl('get', 'vmi', '-o', 'name')).includes('copies'),
  );
  await ask();
  // A stop keeps snapshots; the next start reads them.
  await rollcall.stop();
  await rollcall.restart();
}

async function ask(): Promise<void> {
  const url = rollcall.gateway();
  const authorization = `Bearer ${readFileSync(join(rollcall.home, 'token'), 'utf8').trim()}`;
  const paths = [
    '/v1/sets',
    '/v1/sets/default/VirtualMachinePool/keeper',
    '/v1/sets/default/vmpool/keeper',
    '/v1/scale-operations',
    '/v1/deleted-volumes',
    '/metrics',
    '/readyz',
    '/openapi.json',
  ];
  for (const path of paths) {
    const answer = await fetch(url + path, { headers: { authorization } });
    answers.set(path, await answer.text());
  }
  answers.set('/v1/events', await eventsFor(`${url}/v1/events?after=0`, authorization));
  const commands = [['status'], ['history', '-A'], ['deleted-volumes', '-A'], ['verify']];
  for (const command of commands) {
    for (const output of ['table', 'json']) {
      const args = output === 'json' ? [...command, '-o', 'json'] : command;
      const { stdout, stderr } = await rollcall.rollcall(args, { mayFail: true });
      answers.set(`rollcall ${args.join(' ')}`, stdout + stderr);
    }
  }
  answers.set('kubectl get events', await kubectl('get', 'events', '-A', '-o', 'json'));
  answers.set(
    'status of the sets',
    await kubectl('get', 'vmpool', '-o', 'jsonpath={.items[*].status}'),
  );
}

/** What a stream says until it is quiet for a second. */
async function eventsFor(url: string, authorization: string): Promise<string> {
  const stop = new AbortController();
  const { body } = await fetch(url, { headers: { authorization }, signal: stop.signal });
  let said = '';
  let timer = setTimeout(() => stop.abort(), 3_000);
  try {
    for await (const part of body ?? []) {
      said += Buffer.from(part).toString('utf8');
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), 1_000);
    }
  } catch {
    // Ended by ourselves.
  }
  return said;
}

/** Which secrets a text holds, plainly or in base64 at any offset. */
function leaksIn(text: string): readonly string[] {
  return [...planted]
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([place]) => place);
}

function formsOf(secret: string): readonly string[] {
  const shifted = ['', 'x', 'xx'].map((before) => base64(before + secret).slice(4, 28));
  return [secret, ...shifted];
}

function secretsOf(name: string): unknown {
  const text = readFileSync(join(rollcall.home, 'secrets', name), 'utf8').trim();
  return name.endsWith('.json') ? JSON.parse(text) : text;
}

function port(name: 'nats' | 'natsMonitor' | 'postgres'): number {
  return Number(JSON.parse(readFileSync(join(rollcall.home, 'ports.json'), 'utf8'))[name]);
}

async function openLog() {
  const passwords = new Map(Object.entries(Object(secretsOf('nats-passwords.json'))));
  const password = String(passwords.get('reconciler'));
  const url = natsUrl({ user: 'reconciler', password, port: port('nats') });
  const monitorUrl = `http://127.0.0.1:${port('natsMonitor')}`;
  return openNatsLog({ cluster: 'default', url, monitorUrl, allowLazySync: false }, silentLogger());
}

test('the cluster itself holds every secret, so each of them could have leaked', () => {
  const journal = filesBelow(join(rollcall.home, 'sandbox')).map((file) =>
    readFileSync(file, 'utf8'),
  );
  expect(leaksIn(journal.join('\n')).toSorted()).toEqual([...planted.keys()].toSorted());
});

describe('no secret is found', () => {
  test('in any file but those of the cluster: streams, snapshots, tables, logs', () => {
    const files = filesBelow(rollcall.home).filter(
      (file) => !file.startsWith(join(rollcall.home, 'sandbox')),
    );
    const holds = (folder: string) =>
      files.some((file) => file.includes(`/${folder}/`) && readFileSync(file).includes('keeper'));
    expect([holds('nats'), holds('postgres'), holds('log')]).toEqual([true, true, true]);
    const found = files.flatMap((file) =>
      leaksIn(readFileSync(file, 'latin1')).map(
        (place) => `${relative(rollcall.home, file)}: ${place}`,
      ),
    );
    expect(found).toEqual([]);
  });

  test('in a snapshot, once it is unpacked', async () => {
    await using stream = await openLog();
    let texts = '';
    for (const shard of namespaceShards) {
      for (const head of await stream.snapshots.find(shard)) {
        const body = await stream.snapshots.read(shard, head);
        if (body !== undefined) texts += gunzipSync(body).toString('utf8');
      }
    }
    expect(texts).toContain('keeper');
    expect(leaksIn(texts)).toEqual([]);
  });

  test('in a record of the log', async () => {
    await using stream = await openLog();
    const { last } = await stream.bounds();
    let texts = '';
    for await (const message of stream.read({ after: 0 }, AbortSignal.timeout(30_000))) {
      texts += JSON.stringify(message);
      if (message.sequence >= last) break;
    }
    expect(texts).toContain('keeper');
    expect(leaksIn(texts)).toEqual([]);
  });

  test('in a table of the database', async () => {
    const password = String(secretsOf('postgres-password'));
    const client = new pg.Client({
      connectionString: postgresUrl({ password, port: port('postgres') }),
    });
    await client.connect();
    try {
      const tables = await client.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      expect(tables.rows.length).toBeGreaterThan(8);
      for (const { name } of tables.rows) {
        const { rows } = await client.query<{ row: string }>(
          `select t::text as row from ${name} t`,
        );
        expect(leaksIn(rows.map(({ row }) => row).join('\n')), name).toEqual([]);
      }
    } finally {
      await client.end();
    }
  });

  test('in an answer of the gateway, of the command line, or in an event', () => {
    expect(answers.get('/v1/sets')).toContain('keeper');
    expect(answers.get('/v1/events')).toContain('keeper');
    for (const [question, answer] of answers) expect(leaksIn(answer), question).toEqual([]);
  });

  test('in what the launcher says', () => {
    expect(leaksIn(rollcall.output())).toEqual([]);
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
