import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { uid } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import type { Attempt, ReviewedUser } from '#shared/cluster/reviews.ts';
import { systemClock } from '#shared/process/clock.ts';
import { Health } from '#shared/process/health.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openStore } from '#shared/store/open-store.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { familyOf } from '#shared/stream/frame.ts';
import type { Access } from '../../services/gateway/access.ts';
import { openHookToken } from '../../services/gateway/hooks/hook-token.ts';
import { Intake } from '../../services/gateway/intake.ts';
import { openGateway } from '../../services/gateway/open-gateway.ts';
import { record } from '../../services/recorder/record.ts';
import { createBook } from './book-database.ts';
import {
  aPool,
  began,
  claimGone,
  currentVersion,
  sawDisk,
  sawVm,
  seen,
  shard,
} from './book-story.ts';

/** The gateway over a real book: a log in memory, a recorder, and a judge of tokens that is made up. */

const hookToken = 'a-token-of-the-api-server';
const clusterId = uid('cluster-uid');

/** `admin` may everything, `dev` may look at the namespace demo, `guest` is known and may nothing. */
const judge: Access & { unreachable: boolean } = {
  unreachable: false,
  async whose(token) {
    if (judge.unreachable) return { ok: false, failure: away };
    const known = ['admin', 'dev', 'guest'].find((name) => token === `token-of-${name}`);
    return { ok: true, value: known === undefined ? undefined : { name: known, groups: [] } };
  },
  async allows(user: ReviewedUser, { namespace }: Attempt) {
    const isAllowed = user.name === 'admin' || (user.name === 'dev' && namespace === 'demo');
    return { ok: true, value: isAllowed };
  },
};
const away = { kind: 'unclear', code: 0, reason: 'ECONNREFUSED', doing: 'asking' } as const;

const stack = new AsyncDisposableStack();
let base: string;
let now = began;
const broker = new MemoryBroker({ now: () => (now += 1_000) });
const log = broker.open();

/** Handed to the log from outside of the gateway. */
async function tell(...records: readonly LogRecord[]): Promise<void> {
  for (const told of records) {
    const family = familyOf(told);
    if (family !== 'decision') await log.append(shard, family, told);
  }
  await recorded();
}

const patiently = { timeout: 15_000, interval: 20 };

async function recorded(): Promise<void> {
  const { last } = await log.bounds();
  await vi.waitFor(async () => {
    const { asOf } = await ask('/v1/sets?limit=1');
    expect(asOf.sequence).toBe(last);
  }, patiently);
}

beforeAll(async () => {
  const book = stack.use(await createBook());
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-gateway-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${hookToken}\n`);
  const clock = systemClock;
  const stop = new AbortController();
  const recorder = stack.use(
    openStore({ databaseUrl: book.urlFor('recorder'), name: 'recorder', sessions: 1 }),
  );
  const parts = { store: recorder, log, logger: silentLogger(), clock, attests: false };
  const recording = record(parts, stop.signal);
  stack.defer(async () => {
    stop.abort();
    await recording;
  });
  const reader = stack.use(openStore({ databaseUrl: book.urlFor('gateway'), name: 'gateway' }));
  const health = new Health('gateway');
  health.becomes('active');
  const gateway = stack.use(
    await openGateway({
      listen: { host: '127.0.0.1', port: 0 },
      db: reader.db,
      access: judge,
      intake: new Intake({ log, clusterId, clock, mostInFlight: 100, patienceMs: 2_000 }),
      audit: { token: await openHookToken(tokenFile, clock), mostBytes: 200_000 },
      health,
      clock,
      log: silentLogger(),
    }),
  );
  base = gateway.url;
});

afterAll(() => stack.disposeAsync());

const answerSchema = z.looseObject({
  httpStatus: z.number(),
  items: z.array(z.looseObject({})).default([]),
  next: z.string().optional(),
  asOf: z.looseObject({ sequence: z.number() }).default({ sequence: 0 }),
});
type Answer = z.infer<typeof answerSchema>;

async function ask(path: string, token = 'token-of-admin'): Promise<Answer> {
  const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
  const body: unknown = await response.json();
  return answerSchema.parse({ ...Object(body), httpStatus: response.status });
}

/** What the API server's audit webhook posts when alice has scaled the pool to a size. */
function deliver(body: unknown, token = hookToken): Promise<Response> {
  return fetch(`${base}/hooks/audit`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function aliceScaled(replicas: number, resourceVersion: string): object {
  return {
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    items: [
      {
        auditID: `scale-to-${replicas}`,
        stage: 'ResponseComplete',
        requestURI: '/scale',
        verb: 'patch',
        user: { username: 'alice' },
        userAgent: 'kubectl/v1.36.0',
        requestObject: { spec: { replicas } },
        objectRef: {
          resource: 'virtualmachinepools',
          apiGroup: 'pool.kubevirt.io',
          namespace: 'demo',
          name: 'web',
          subresource: 'scale',
        },
        responseStatus: { code: 200 },
        responseObject: {
          metadata: { name: 'web', namespace: 'demo', uid: 'web-uid', resourceVersion },
          spec: { replicas },
        },
        requestReceivedTimestamp: '2026-11-21T03:59:59.000000Z',
        stageTimestamp: '2026-11-21T03:59:59.100000Z',
      },
    ],
  };
}

describe('who may ask', () => {
  test('nobody without a token, and nobody with one that the cluster does not know', async () => {
    const bare = await fetch(`${base}/v1/sets`);
    expect(bare.status).toBe(401);
    expect(bare.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(bare.headers.get('www-authenticate')).toBe('Bearer');
    expect(await ask('/v1/sets', 'stranger')).toMatchObject({ httpStatus: 401, status: 401 });
    // Also where the question is nonsense: a stranger learns nothing from it.
    expect(await ask('/v1/sets?nonsense=1', 'stranger')).toMatchObject({ httpStatus: 401 });
  });

  test.for(['/v1/sets', '/v1/scale-operations', '/v1/deleted-volumes', '/v1/events'])(
    '%s answers whoever may list the sets there, and nobody else',
    async (path) => {
      expect(await ask(`${path}?namespace=demo`, 'token-of-guest')).toMatchObject({
        httpStatus: 403,
        detail: expect.stringContaining(
          '"guest" may not list virtualmachinepools.pool.kubevirt.io',
        ),
      });
      expect(await ask(path, 'token-of-dev')).toMatchObject({
        httpStatus: 403,
        detail: expect.stringContaining('?namespace='),
      });
      if (path === '/v1/events') return;
      expect(await ask(`${path}?namespace=demo`, 'token-of-dev')).toMatchObject({
        httpStatus: 200,
      });
    },
  );

  test('while the cluster does not judge nobody is let in, nor sent away for good', async () => {
    judge.unreachable = true;
    const answer = await ask('/v1/sets', 'token-of-nobody-yet');
    judge.unreachable = false;
    expect(answer).toMatchObject({ httpStatus: 503 });
  });
});

describe('the audit hook', () => {
  test('takes nothing without its own token', async () => {
    expect((await deliver(aliceScaled(9, '9'), 'token-of-admin')).status).toBe(401);
    expect((await log.bounds()).last).toBe(0);
  });

  test.for<readonly [string, string, number]>([
    ['not JSON', '{"items": [', 400],
    ['too long', JSON.stringify({ items: ['x'.repeat(300_000)] }), 413],
  ])(
    'a delivery that is %s is refused without being repeated in the answer',
    async ([, body, status]) => {
      const response = await deliver(body);
      expect(response.status).toBe(status);
      expect(await response.text()).not.toContain('items');
    },
  );

  test('what it tells stands in the log before it says so', async () => {
    const { last } = await log.bounds();
    expect((await deliver(aliceScaled(9, '9'))).status).toBe(200);
    const message = await log.at(last + 1);
    expect(message).toMatchObject({ family: 'intake', records: [{ user: 'alice', replicas: 9 }] });
  });
});

describe('what is answered', () => {
  test('a set: its size, its members, and the newest operation with who began it', async () => {
    await tell(seen(aPool(2)), sawVm('web-0'), ...sawDisk('web-0'), sawVm('web-1'), seen(aPool(3)));
    await deliver(aliceScaled(3, currentVersion()));
    await recorded();
    expect(await ask('/v1/sets')).toMatchObject({
      items: [
        {
          namespace: 'demo',
          name: 'web',
          wanted: 3,
          members: { present: 2, active: 2 },
          held: null,
        },
      ],
    });
    expect(await ask('/v1/sets/demo/vmpool/web', 'token-of-dev')).toMatchObject({
      httpStatus: 200,
      set: { name: 'web' },
      lastOperation: {
        operation: 'scaled',
        from: 2,
        to: 3,
        who: { name: 'alice', shown: 'alice', grade: 'proven', how: 'audit: scale' },
      },
    });
    expect(await ask('/v1/sets/demo/vmirs/web')).toMatchObject({ httpStatus: 404 });
  });

  test.for([
    ['who=alice', 1],
    ['who=nobody', 0],
    ['cause=created', 1],
    ['kind=vmirs', 0],
    ['name=web&kind=virtualmachinepools', 2],
    ['since=2026-11-22T00:00:00Z', 0],
    ['until=2026-11-22T00:00:00%2B02:00', 2],
  ])('operations are found by %s', async ([filter, count]) => {
    const { items } = await ask(`/v1/scale-operations?namespace=demo&${filter}`);
    expect(items).toHaveLength(Number(count));
  });

  test('a lost disk names its cause and who caused it', async () => {
    await tell(attributedRemoval('web-0-disk-pvc', 'bob'), claimGone('web-0'));
    const { items } = await ask('/v1/deleted-volumes?namespace=demo&cause=deleted');
    expect(items).toMatchObject([
      {
        claim: { name: 'web-0-disk' },
        state: 'gone',
        cause: 'deleted outside Rollcall',
        who: { name: 'bob', grade: 'proven', how: 'audit: delete' },
      },
    ]);
    expect((await ask('/v1/deleted-volumes?who=bob')).items).toHaveLength(1);
    expect((await ask('/v1/deleted-volumes?cause=scale-in')).items).toEqual([]);
  });

  test('what cannot be read is told field by field', async () => {
    expect(await ask('/v1/deleted-volumes?since=yesterday&limit=0')).toMatchObject({
      httpStatus: 400,
      errors: [{ field: 'since' }, { field: 'limit' }],
    });
    expect(await ask('/v1/sets?cursor=nonsense')).toMatchObject({ httpStatus: 400 });
    expect(await ask('/v1/nothing')).toMatchObject({ httpStatus: 404 });
  });

  test('pages follow each other without a gap while new operations come in', async () => {
    const all = [];
    for (let path: string | undefined = '/v1/scale-operations?limit=1'; path !== undefined;) {
      const { items, next } = await ask(path);
      all.push(...items.map(({ id }) => Number(id)));
      path = next === undefined ? undefined : `/v1/scale-operations?limit=1&cursor=${next}`;
      if (all.length === 1) await tell(seen(aPool(4)));
    }
    expect(all).toEqual(all.toSorted((left, right) => right - left));
    const { items } = await ask('/v1/scale-operations');
    expect(items.map(({ id }) => id)).toEqual([expect.any(Number), ...all]);
  });

  test('sets are paged by name', async () => {
    const named = (name: string): LogRecord => {
      const pool = aPool(1);
      return seen({ ...pool, meta: { ...pool.meta, name, uid: uid(`${name}-uid`) } });
    };
    await tell(named('alpha'), named('zulu'));
    const first = await ask('/v1/sets?limit=2');
    const second = await ask(`/v1/sets?limit=2&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual([
      'alpha',
      'web',
      'zulu',
    ]);
    expect(second.next).toBeUndefined();
  });
});

describe('changes', () => {
  test('come as they are written, and go on where a reader stopped', async () => {
    await using first = await listen('/v1/events?namespace=demo');
    await tell(seen(aPool(6)));
    const change = await first.next('size-changed');
    expect(change.data).toMatchObject({ kind: 'size-changed', body: { to: 6 } });

    await tell(seen(aPool(7)));
    const after = await first.next('size-changed');
    await using again = await listen('/v1/events?namespace=demo', {
      'last-event-id': `${change.id}`,
    });
    const sameOnes = await again.next('size-changed');
    expect(sameOnes).toEqual(after);
  });

  test('a reader of one namespace sees none of another', async () => {
    await using stream = await listen(
      '/v1/events?namespace=demo&name=zulu&after=0',
      {},
      'token-of-dev',
    );
    expect((await stream.next('size-changed')).data).toMatchObject({
      body: { set: { name: 'zulu' } },
    });
  });

  test('an entry that is not written yet is no place to go on from', async () => {
    expect(await ask('/v1/events?after=999999')).toMatchObject({ httpStatus: 400 });
  });
});

test('what may be asked, how it is and what it counts is told to everyone', async () => {
  const described: unknown = await (await fetch(`${base}/openapi.json`)).json();
  expect(described).toMatchObject({
    openapi: '3.0.3',
    paths: {
      '/v1/sets': {},
      '/v1/sets/{namespace}/{kind}/{name}': {},
      '/v1/scale-operations': {},
      '/v1/deleted-volumes': {},
      '/v1/events': {},
    },
  });
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${base}/readyz`)).json()).toMatchObject({ ready: true, reasons: [] });
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain(
    'rollcall_gateway_source_events_total{source="audit",result="taken",component="gateway"} 2',
  );
  expect(metrics).toContain(
    'rollcall_gateway_source_deliveries_total{source="audit",result="unauthorized",component="gateway"} 1',
  );
});

function attributedRemoval(ofUid: string, user: string): LogRecord {
  return {
    type: 'attributed',
    source: 'audit',
    id: `removal-of-${ofUid}`,
    verb: 'delete',
    object: {
      kind: 'PersistentVolumeClaim',
      namespace: 'demo',
      name: 'web-0-disk',
      uid: uid(ofUid),
    },
    user,
    groups: [],
    receivedAt: '2026-11-21T03:59:59.000000Z',
    answeredAt: '2026-11-21T03:59:59.100000Z',
  };
}

type SeenEvent = { readonly id: number; readonly data: unknown };

/** A reader of server-sent events, as far as these tests need one. */
async function listen(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  token = 'token-of-admin',
): Promise<AsyncDisposable & { next(kind: string): Promise<SeenEvent> }> {
  const stop = new AbortController();
  const response = await fetch(base + path, {
    headers: { ...headers, authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next(kind) {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end === -1) {
          text += (await reader?.read())?.value ?? '';
          continue;
        }
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string): string | undefined =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        if (field('event') !== kind) continue;
        return { id: Number(field('id')), data: JSON.parse(field('data') ?? 'null') };
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
}
