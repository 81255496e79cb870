import { createServer } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { GivenStore, aSet } from '../store/given-store.ts';
import type { StoreAnswer, StoreRequest } from '../store/types.ts';
import { openAdmission } from './admission.ts';
import { reviewedWrite } from './reviewed-write.ts';

type Write = Exclude<StoreRequest, { verb: 'get' | 'list' }>;
type Answer = (request: Readonly<Record<string, unknown>>) => unknown;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A webhook that hears all reviews and answers as it is told. */
async function webhook(
  answer: Answer,
): Promise<{ readonly url: string; readonly heard: unknown[] }> {
  const heard: unknown[] = [];
  const server = createServer((request, response) => {
    readText(request)
      .then((text) => {
        const review: unknown = JSON.parse(text);
        const asked = isRecord(review) && isRecord(review['request']) ? review['request'] : {};
        heard.push(asked);
        const kind = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
        const said = answer(asked);
        const own = isRecord(said) ? said : {};
        response.end(JSON.stringify({ ...kind, response: { uid: asked['uid'], ...own } }));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, heard };
}

type Given = {
  readonly store: GivenStore;
  readonly send: (write: Partial<Write>) => Promise<StoreAnswer>;
};

function cluster(url: string, more: Readonly<Record<string, unknown>> = {}): Given {
  const store = new GivenStore();
  store.create('validatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'w' },
    webhooks: [
      {
        name: 'sets.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 2,
        clientConfig: { service: { namespace: 'default', name: 'hook', path: '/sets' } },
        rules: [
          {
            operations: ['*'],
            apiGroups: ['test.rollcall.dev'],
            apiVersions: ['v1beta1'],
            resources: ['sets', 'sets/scale'],
          },
        ],
        ...more,
      },
    ],
  });
  const admission = openAdmission({ store: store.store, services: { 'default/hook': url } });
  const send = (write: Partial<Write>): Promise<StoreAnswer> => {
    const resource = { group: 'test.rollcall.dev', version: 'v1beta1', plural: 'sets' };
    const base = { resource, namespace: 'default', fieldManager: 'curl' };
    const caller = { user: 'jane', groups: ['devs'] };
    // What a test leaves out is the same in all of them.
    const whole = { ...base, caller, verb: 'create', body: aSet('a'), ...write } as Write;
    const served = store.store.resolve(whole.resource);
    if (served === undefined) throw new Error('no such resource');
    const subresource = 'subresource' in whole ? (whole.subresource ?? '') : '';
    const { definition } = served;
    const version = served.version.name;
    const about = { definition, version, subresource, manager: '' };
    return reviewedWrite({ store: store.store, admission }, whole, about);
  };
  return { store, send };
}

describe('a validating webhook', () => {
  test('sees what would be made, under the uid and name that it then has', async () => {
    const { url, heard } = await webhook(() => ({ allowed: true, warnings: ['mind'] }));
    const { send } = cluster(url);
    const generated = { ...aSet('x'), metadata: { generateName: 'gen-' } };
    const made = await send({ verb: 'create', body: generated });
    expect(made).toMatchObject({ code: 201, warnings: ['mind'] });
    const [asked] = heard;
    const { body } = made;
    if (!isRecord(asked) || !isRecord(body)) throw new Error('nothing was asked');
    expect(asked).toMatchObject({ operation: 'CREATE', oldObject: null, dryRun: false });
    const metadata = isRecord(body['metadata']) ? body['metadata'] : {};
    const { name, uid } = metadata;
    expect(asked).toMatchObject({ name, object: { metadata: { name, uid } } });
    expect(asked).toMatchObject({ userInfo: { username: 'jane', groups: ['devs'] } });
  });

  test('denies, and nothing changes', async () => {
    const status = { code: 403, reason: 'Forbidden', message: 'not today' };
    const { url } = await webhook(({ operation }) => ({ allowed: operation === 'CREATE', status }));
    const { store, send } = cluster(url);
    await send({});
    const scaled = { verb: 'patch', patch: 'merge', name: 'a', subresource: 'scale' } as const;
    expect(await send({ ...scaled, body: { spec: { replicas: 9 } } })).toMatchObject({
      code: 403,
      body: { message: 'admission webhook "sets.example.com" denied the request: not today' },
    });
    expect(await send({ verb: 'delete', name: 'a', options: {} })).toMatchObject({ code: 403 });
    expect(store.get('sets', 'a')).toMatchObject({ code: 200, body: { spec: { replicas: 1 } } });
  });

  test('sees another version of its resource in the version that it names', async () => {
    const { url, heard } = await webhook(() => ({ allowed: true }));
    const { send } = cluster(url);
    const resource = { group: 'test.rollcall.dev', version: 'v1alpha1', plural: 'sets' };
    await send({ resource, body: { ...aSet('a'), apiVersion: 'test.rollcall.dev/v1alpha1' } });
    expect(heard).toMatchObject([
      {
        kind: { version: 'v1beta1' },
        requestKind: { version: 'v1alpha1' },
        object: { apiVersion: 'test.rollcall.dev/v1beta1' },
      },
    ]);
  });

  test('is passed over where its selectors, its rules or its policy say so', async () => {
    const { url, heard } = await webhook(() => ({ allowed: false }));
    const selecting = cluster(url, { objectSelector: { matchLabels: { watched: 'yes' } } });
    expect((await selecting.send({})).code).toBe(201);
    const elsewhere = cluster(url, { namespaceSelector: { matchLabels: { team: 'x' } } });
    expect((await elsewhere.send({})).code).toBe(201);
    const gadgets = { group: 'test.rollcall.dev', version: 'v1beta1', plural: 'gadgets' };
    const gadget = {
      apiVersion: 'test.rollcall.dev/v1beta1',
      kind: 'Gadget',
      metadata: { name: 'g' },
    };
    expect(
      (await elsewhere.send({ resource: gadgets, body: { ...gadget, spec: { selector: {} } } }))
        .code,
    ).toBe(201);
    expect(heard).toEqual([]);
  });

  test('that cannot be reached fails the write, or does not count', async () => {
    const gone = 'http://127.0.0.1:9';
    expect(await cluster(gone).send({})).toMatchObject({
      code: 500,
      body: {
        message: expect.stringMatching(
          /^Internal error occurred: failed calling webhook "sets.example.com": failed to call webhook: Post "https:\/\/hook.default.svc:443\/sets\?timeout=2s": /,
        ),
      },
    });
    expect((await cluster(gone, { failurePolicy: 'Ignore' }).send({})).code).toBe(201);
  });

  test('with side effects is not asked in a dry run', async () => {
    const { url } = await webhook(() => ({ allowed: true }));
    const answer = await cluster(url, { sideEffects: 'Some' }).send({ dryRun: true });
    expect(answer).toMatchObject({
      code: 400,
      body: { message: 'admission webhook "sets.example.com" does not support dry run' },
    });
  });

  test('is asked again when the object changed meanwhile', async () => {
    let store: GivenStore | undefined;
    const { url, heard } = await webhook(({ operation }) => {
      if (operation === 'UPDATE' && heard.length === 2) {
        store?.merge('sets', 'a', { metadata: { labels: { other: 'writer' } } });
      }
      return { allowed: true };
    });
    const given = cluster(url);
    store = given.store;
    await given.send({});
    const merge = {
      verb: 'patch',
      patch: 'merge',
      name: 'a',
      body: { spec: { replicas: 2 } },
    } as const;
    const answer = await given.send(merge);
    expect(answer).toMatchObject({
      code: 200,
      body: { metadata: { labels: { other: 'writer' } } },
    });
    expect(heard).toHaveLength(3);
  });

  test('sees each object of a collection that is deleted, without a name', async () => {
    const { url, heard } = await webhook(() => ({ allowed: true }));
    const { send } = cluster(url);
    await send({});
    await send({ body: aSet('b') });
    heard.splice(0);
    await send({ verb: 'deletecollection', options: {}, list: {} });
    expect(heard).toMatchObject([
      { operation: 'DELETE', object: null, oldObject: { metadata: { name: 'a' } } },
      { operation: 'DELETE', object: null, oldObject: { metadata: { name: 'b' } } },
    ]);
    expect(heard.some((asked) => isRecord(asked) && 'name' in asked)).toBe(false);
  });
});
