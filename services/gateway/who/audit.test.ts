import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordSchema } from '#shared/contract/records.ts';
import { oddAuditEvents } from '#test/support/audit-events.ts';
import { auditSource } from './audit.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `kubectl scale` by alice, as a kube-apiserver at level RequestResponse tells it. */
function anEvent(given: Fields = {}): Fields {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: '5e1f6f4e-0000-4000-8000-000000000001',
    stage: 'ResponseComplete',
    requestURI: '/apis/pool.kubevirt.io/v1beta1/namespaces/shop/virtualmachinepools/web/scale',
    verb: 'patch',
    user: { username: 'alice', groups: ['devs', 'system:authenticated'] },
    sourceIPs: ['10.0.0.7'],
    userAgent: 'kubectl/v1.36.0 (linux/amd64)',
    objectRef: {
      resource: 'virtualmachinepools',
      namespace: 'shop',
      name: 'web',
      apiGroup: 'pool.kubevirt.io',
      apiVersion: 'v1beta1',
      subresource: 'scale',
    },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: { spec: { replicas: 5 } },
    responseObject: {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web', namespace: 'shop', uid: 'web-uid', resourceVersion: '812' },
      spec: { replicas: 5 },
      status: { replicas: 3, selector: 'a=b' },
    },
    requestReceivedTimestamp: '2026-11-21T04:00:00.123456Z',
    stageTimestamp: '2026-11-21T04:00:00.130000Z',
    ...given,
  };
}

const pools = {
  resource: 'virtualmachinepools',
  apiGroup: 'pool.kubevirt.io',
  namespace: 'shop',
  name: 'web',
};
const claims = { resource: 'persistentvolumeclaims', namespace: 'shop', name: 'web-disk' };

function read(...events: readonly unknown[]) {
  const { records, left } = auditSource.read({ kind: 'EventList', items: events });
  for (const record of records) recordSchema.parse(record);
  return { records, left: Object.fromEntries(left) };
}

test('whatever an event holds, what passes the door is as the contract has it', () => {
  let passed = 0;
  fc.assert(fc.property(oddAuditEvents, (event) => void (passed += read(event).records.length)));
  expect(passed).toBeGreaterThan(30);
});

test('a scale becomes one record: who, which write, which size, and no more', () => {
  expect(read(anEvent())).toEqual({
    left: {},
    records: [
      {
        type: 'attributed',
        source: 'audit',
        id: '5e1f6f4e-0000-4000-8000-000000000001',
        verb: 'patch',
        subresource: 'scale',
        object: {
          kind: 'VirtualMachinePool',
          namespace: 'shop',
          name: 'web',
          uid: 'web-uid',
          resourceVersion: '812',
        },
        replicas: 5,
        asked: 5,
        manager: 'kubectl',
        user: 'alice',
        groups: ['devs'],
        userAgent: 'kubectl/v1.36.0 (linux/amd64)',
        receivedAt: '2026-11-21T04:00:00.123456Z',
        answeredAt: '2026-11-21T04:00:00.130000Z',
      },
    ],
  });
});

test('no secret of a body, an address or an extra passes the door', () => {
  const secret = 'hunter2-canary';
  const spec = { replicas: 2, virtualMachineTemplate: { spec: { password: secret } } };
  const metadata = {
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '9',
    annotations: { a: secret },
    managedFields: [secret],
  };
  const { records } = read(
    anEvent({
      verb: 'update',
      objectRef: { ...pools, extra: secret },
      user: { username: 'alice', extra: { token: [secret] } },
      annotations: { b: secret },
      sourceIPs: [secret],
      requestURI: `/x?token=${secret}`,
      requestObject: { spec, metadata },
      responseObject: { spec, metadata, status: { x: secret } },
      responseStatus: { code: 200, message: secret },
    }),
  );
  expect(records).toHaveLength(1);
  expect(JSON.stringify(records)).not.toContain(secret);
});

test('who spoke for somebody is kept beside the one he spoke for', () => {
  const { records } = read(anEvent({ impersonatedUser: { username: 'bob', groups: ['ops'] } }));
  expect(records[0]).toMatchObject({ user: 'bob', impersonator: 'alice', groups: ['ops'] });
});

describe('what a request asked for', () => {
  const scale = { kind: 'Scale', metadata: { name: 'web', resourceVersion: '811' } };

  test.for<readonly [string, Fields, Fields]>([
    ['a merge patch', { requestObject: { spec: { replicas: 5 } } }, { asked: 5 }],
    ['a patch of something else', { requestObject: { metadata: {} } }, { asked: undefined }],
    [
      'a patch that takes the size off',
      { requestObject: { spec: { replicas: null } } },
      { asked: 0 },
    ],
    [
      'a JSON patch',
      { requestObject: [{ op: 'replace', path: '/spec/replicas', value: 5 }] },
      { asked: 5 },
    ],
    [
      'a JSON patch whose size is copied from elsewhere in the end',
      {
        requestObject: [
          { op: 'replace', path: '/spec/replicas', value: 99_999_999_999 },
          { op: 'copy', from: '/metadata/generation', path: '/spec/replicas' },
        ],
      },
      { asked: undefined },
    ],
    [
      'a JSON patch of the whole spec',
      { requestObject: [{ op: 'replace', path: '/spec', value: { replicas: 5 } }] },
      { asked: 5 },
    ],
    ['a size that none can have', { requestObject: { spec: { replicas: 2 ** 31 } } }, {}],
    [
      'a JSON patch that only tests',
      { requestObject: [{ op: 'test', path: '/spec/replicas', value: 5 }] },
      { asked: undefined },
    ],
    [
      'an update, which names the version that it was made from',
      { verb: 'update', requestObject: { ...scale, spec: { replicas: 5 } } },
      { asked: 5, boundTo: '811' },
    ],
    [
      'an update to nothing, which Go leaves out',
      { verb: 'update', requestObject: { ...scale, spec: {} } },
      { asked: 0, boundTo: '811' },
    ],
    [
      'an update of the whole object without a size, which means one',
      { verb: 'update', objectRef: pools, requestObject: { ...scale, spec: {} } },
      { asked: 1, boundTo: '811' },
    ],
  ])('is told of %s', ([, given, told]) => {
    const { records } = read(anEvent(given));
    const { asked, boundTo } = records[0] ?? {};
    expect({ asked, boundTo }).toEqual({ asked: undefined, boundTo: undefined, ...told });
  });

  test.for<readonly [string, Fields]>([
    ['kubectl-edit', { requestURI: '/x?fieldManager=kubectl-edit' }],
    ['kubectl', { userAgent: 'kubectl/v1.36.0 (linux/amd64)' }],
    ['Mozilla', { userAgent: 'Mo\u0000zil\u00a0la/5.0' }],
    ['unknown', { userAgent: '' }],
    ['x'.repeat(128), { userAgent: `${'x'.repeat(200)}/1` }],
  ])('is told as manager %s', ([manager, given]) => {
    expect(read(anEvent(given)).records[0]).toMatchObject({ manager });
  });
});

describe('deletions', () => {
  test('tell since when the object is terminating, and which version they were bound to', () => {
    const metadata = { name: 'web', uid: 'u', resourceVersion: '9' };
    const { records } = read(
      anEvent({
        verb: 'delete',
        objectRef: pools,
        requestObject: { preconditions: { uid: 'u', resourceVersion: '8' } },
        responseObject: { metadata: { ...metadata, deletionTimestamp: '2026-11-21T04:00:00Z' } },
      }),
    );
    expect(records[0]).toMatchObject({ boundTo: '8', deletedAt: '2026-11-21T04:00:00Z' });
  });

  test('of what goes at once are told by the uid in the answer', () => {
    const { records } = read(
      anEvent({
        verb: 'delete',
        objectRef: claims,
        responseObject: {
          kind: 'Status',
          status: 'Success',
          details: { name: 'web-disk', kind: 'persistentvolumeclaims', uid: 'disk-uid' },
        },
      }),
    );
    expect(records[0]).toMatchObject({
      verb: 'delete',
      object: {
        kind: 'PersistentVolumeClaim',
        namespace: 'shop',
        name: 'web-disk',
        uid: 'disk-uid',
      },
    });
  });

  test('of many are one record for each', () => {
    const items = ['a', 'b'].map((name) => ({
      metadata: { name, namespace: 'shop', uid: `${name}-uid`, resourceVersion: '4' },
    }));
    const { records } = read(
      anEvent({
        verb: 'deletecollection',
        objectRef: { ...claims, name: undefined },
        responseObject: { items },
      }),
    );
    expect(records.map(({ object }) => object.uid)).toEqual(['a-uid', 'b-uid']);
  });
});

test('a server-side apply that makes the object is a creation', () => {
  const { records } = read(anEvent({ objectRef: pools, responseStatus: { code: 201 } }));
  expect(records[0]).toMatchObject({ verb: 'create' });
  expect(records[0]).not.toHaveProperty('subresource');
});

test.for<readonly [string, string, Fields]>([
  ['an earlier stage', 'not done', { stage: 'RequestReceived' }],
  ['a refused request', 'not done', { responseStatus: { code: 409 } }],
  ['a request without an answer', 'not done', { responseStatus: null }],
  ['a dry run', 'dry run', { requestURI: '/x?dryRun=All' }],
  [
    'a deletion that is only tried',
    'dry run',
    { verb: 'delete', requestObject: { dryRun: ['All'] } },
  ],
  ['a read', 'not ours', { verb: 'get' }],
  ['a status', 'not ours', { objectRef: { ...pools, subresource: 'status' } }],
  [
    'a kind that we do not watch',
    'not ours',
    { objectRef: { resource: 'secrets', namespace: 'shop', name: 'x' } },
  ],
  ['a change of a disk', 'not ours', { objectRef: claims }],
  ['level Metadata', 'unjoinable', { responseObject: undefined }],
  [
    'a version that is no number',
    'unjoinable',
    { responseObject: { metadata: { uid: 'u', name: 'web', resourceVersion: 'x' } } },
  ],
  [
    'a name that no object can have',
    'unjoinable',
    { responseObject: { metadata: { uid: 'u', name: 'x'.repeat(254), resourceVersion: '7' } } },
  ],
  ['no user', 'malformed', { user: {} }],
  ['a name of a kilobyte', 'malformed', { user: { username: 'x'.repeat(1_000) } }],
  ['no time', 'malformed', { requestReceivedTimestamp: 'yesterday' }],
  [
    'a day that there is not',
    'malformed',
    { requestReceivedTimestamp: '2026-02-30T04:00:00.000000Z' },
  ],
])('%s is left out as: %s', ([, reason, given]) => {
  expect(read(anEvent(given))).toEqual({ records: [], left: { [reason]: 1 } });
});

test.for([undefined, null, 7, 'text', [], {}, { items: 'x' }, { items: [7, null, []] }])(
  'whatever is delivered, nothing is thrown: %j',
  (delivery) => {
    const { records, left } = auditSource.read(delivery);
    expect(records).toEqual([]);
    expect([...left.keys()]).toEqual(['malformed']);
  },
);

describe('what only looks like a dry run is told', () => {
  const dryRun = ['All'];

  test('a write whose object has a field of that name', () => {
    const { records } = read(anEvent({ verb: 'update', requestObject: { dryRun } }));
    expect(records).toHaveLength(1);
  });

  test('a deletion with options of its own, which count instead of the query', () => {
    const options = { kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const requestURI = '/x?dryRun=All';
    const removal = { verb: 'delete', requestURI, requestObject: options };
    expect(read(anEvent(removal)).records).toHaveLength(1);
    const tried = { ...removal, requestURI: '/x', requestObject: { ...options, dryRun } };
    expect(read(anEvent(tried)).left).toEqual({ 'dry run': 1 });
    expect(read(anEvent({ ...removal, requestObject: undefined })).left).toEqual({ 'dry run': 1 });
  });
});

test('an event is good even where its neighbour is not', () => {
  expect(read(7, anEvent(), anEvent({ verb: 'get' }))).toMatchObject({
    records: [{ user: 'alice' }],
    left: { malformed: 1, 'not ours': 1 },
  });
});
