import fc from 'fast-check';
import { madeOdd } from './odd-json.ts';

type Fields = Readonly<Record<string, unknown>>;

const answer = {
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  metadata: { name: 'web', namespace: 'demo', uid: 'web-uid', resourceVersion: '812' },
  spec: { replicas: 5 },
};

const scale = {
  resource: 'virtualmachinepools',
  namespace: 'demo',
  name: 'web',
  apiGroup: 'pool.kubevirt.io',
  apiVersion: 'v1beta1',
  subresource: 'scale',
};
const pool = { ...scale, subresource: '' };

const sound: Fields = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  auditID: '5e1f6f4e-0000-4000-8000-000000000001',
  stage: 'ResponseComplete',
  requestURI: '/apis/pool.kubevirt.io/v1beta1/namespaces/demo/virtualmachinepools/web/scale?x=y',
  verb: 'patch',
  user: { username: 'alice', groups: ['devs', 'system:authenticated'] },
  userAgent: 'kubectl/v1.36.0 (linux/amd64)',
  objectRef: scale,
  responseStatus: { metadata: {}, code: 200 },
  requestObject: { metadata: { resourceVersion: '811' }, spec: { replicas: 5 } },
  responseObject: answer,
  requestReceivedTimestamp: '2026-11-21T04:00:00.123456Z',
  stageTimestamp: '2026-11-21T04:00:00.130000Z',
};

const acts: readonly Fields[] = [
  {},
  { verb: 'update' },
  { verb: 'create', objectRef: pool },
  { impersonatedUser: { username: 'bob', groups: ['ops'] } },
  {
    requestObject: [
      { op: 'replace', path: '/spec/replicas', value: 99_999_999_999 },
      { op: 'copy', from: '/metadata/generation', path: '/spec/replicas' },
    ],
  },
  {
    verb: 'delete',
    objectRef: pool,
    requestObject: { preconditions: { resourceVersion: '811' } },
    responseObject: {
      metadata: { ...answer.metadata, deletionTimestamp: '2026-11-21T04:00:00Z' },
    },
  },
  {
    verb: 'delete',
    objectRef: { resource: 'persistentvolumeclaims', namespace: 'demo', name: 'web-0-disk' },
    responseObject: { kind: 'Status', details: { name: 'web-0-disk', uid: 'web-0-disk-pvc' } },
  },
  {
    verb: 'deletecollection',
    objectRef: { ...pool, name: undefined },
    responseObject: { items: [answer, answer] },
  },
];

/** Audit events of which most pass for one, though somebody has written nonsense into them. */
export const oddAuditEvents = madeOdd(
  fc.constantFrom(...acts).map((act) => ({ ...sound, ...act })),
);
