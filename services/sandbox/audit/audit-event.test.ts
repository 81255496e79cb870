import { describe, expect, it } from 'vitest';

import type { AuditedRequest } from '../http/audit-trail.ts';
import { auditEvent } from './audit-event.ts';
import type { AuditEvent } from './audit-event.ts';
import { levelOf } from './audit-policy.ts';
import { auditController, createAudit } from './create-audit.ts';

const receivedMs = Date.parse('2026-11-21T10:00:00.123Z');
const kubectl = 'kubectl/v1.36.3 (linux/amd64) kubernetes/x';

type Resource = Extract<AuditedRequest['attributes'], { kind: 'resource' }>;

function aRequest(
  attributes: Partial<Resource> = {},
  more: Partial<AuditedRequest> = {},
): AuditedRequest {
  return {
    auditId: 'a-1',
    receivedMs,
    uri: '/apis/pool.kubevirt.io/v1beta1/namespaces/default/virtualmachinepools/web/scale',
    userAgent: kubectl,
    sourceIp: '127.0.0.1',
    user: { user: 'ann', groups: ['system:authenticated'] },
    verdict: { allowed: true, reason: '' },
    attributes: {
      kind: 'resource',
      verb: 'patch',
      group: 'pool.kubevirt.io',
      version: 'v1beta1',
      resource: 'virtualmachinepools',
      subresource: 'scale',
      namespace: 'default',
      name: 'web',
      ...attributes,
    },
    ...more,
  };
}

const scale = {
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  metadata: { name: 'web', namespace: 'default', uid: 'u-1', resourceVersion: '7' },
  spec: { replicas: 5 },
};
const completedMs = receivedMs + 4;

describe('an audit event', () => {
  it('has the fields of a real API server’s for a change of scale', () => {
    const requestObject = { spec: { replicas: 5 } };
    const answered = { code: 200, completedMs, requestObject, responseObject: scale };
    expect(auditEvent(aRequest(), answered)).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      auditID: 'a-1',
      stage: 'ResponseComplete',
      requestURI: '/apis/pool.kubevirt.io/v1beta1/namespaces/default/virtualmachinepools/web/scale',
      verb: 'patch',
      user: { username: 'ann', groups: ['system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      userAgent: kubectl,
      objectRef: {
        resource: 'virtualmachinepools',
        namespace: 'default',
        name: 'web',
        apiGroup: 'pool.kubevirt.io',
        apiVersion: 'v1beta1',
        subresource: 'scale',
      },
      responseStatus: { metadata: {}, code: 200 },
      requestObject,
      responseObject: scale,
      requestReceivedTimestamp: '2026-11-21T10:00:00.123000Z',
      stageTimestamp: '2026-11-21T10:00:00.127000Z',
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
  });

  it('names what the object that is sent names, and no name that the server makes', () => {
    const put = auditEvent(aRequest({ verb: 'update' }), {
      code: 200,
      completedMs,
      requestObject: scale,
      responseObject: scale,
    });
    expect(put).toMatchObject({ objectRef: { uid: 'u-1', resourceVersion: '7' } });
    const create = aRequest({ verb: 'create', name: '', subresource: '' });
    const taken = auditEvent(create, {
      code: 409,
      completedMs,
      requestObject: { metadata: { name: 'web' } },
    });
    expect(taken).toMatchObject({ objectRef: { name: 'web' } });
    expect(taken).not.toHaveProperty('objectRef.subresource');
    const made = auditEvent(create, {
      code: 201,
      completedMs,
      requestObject: { metadata: { generateName: 'w' } },
      responseObject: { kind: 'VirtualMachinePool', metadata: { name: 'w-x' } },
    });
    expect(made).not.toHaveProperty('objectRef.name');
  });

  it('tells why the sender may do it, whatever a webhook then says', () => {
    const reason = 'RBAC: allowed by RoleBinding "a/default" of Role "a" to User "ann"';
    const refused = { code: 403, completedMs };
    expect(auditEvent(aRequest({}, { verdict: { allowed: true, reason } }), refused)).toMatchObject(
      {
        annotations: {
          'authorization.k8s.io/decision': 'allow',
          'authorization.k8s.io/reason': reason,
        },
      },
    );
    const verdict = { allowed: false, reason: '' };
    expect(auditEvent(aRequest({}, { verdict }), refused)).toMatchObject({
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
  });

  it('tells who spoke and for whom', () => {
    const impersonated = { user: 'bob', groups: ['devs'] };
    const user = { user: 'ann', uid: 'u-9', groups: [], extra: { k: ['v'] } };
    const event = auditEvent(aRequest({}, { user, impersonated }), { code: 200, completedMs });
    expect(event).toMatchObject({
      user: { username: 'ann', uid: 'u-9', groups: [], extra: { k: ['v'] } },
      impersonatedUser: { username: 'bob', groups: ['devs'] },
    });
  });

  it('tells a refusal in its own words', () => {
    const status = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Conflict',
      message: 'm',
      code: 409,
    };
    const event = auditEvent(aRequest(), { code: 409, completedMs, responseObject: status });
    expect(event).toMatchObject({
      responseStatus: {
        metadata: {},
        status: 'Failure',
        reason: 'Conflict',
        message: 'm',
        code: 409,
      },
    });
  });

  it('leaves out the managed fields', () => {
    const managedFields = [{ manager: 'kubectl' }];
    const responseObject = { ...scale, metadata: { ...scale.metadata, managedFields } };
    const event = auditEvent(aRequest(), { code: 200, completedMs, responseObject });
    expect(event).toMatchObject({ responseObject: { metadata: { uid: 'u-1' } } });
    expect(event).not.toHaveProperty('responseObject.metadata.managedFields');
    const list = { metadata: { resourceVersion: '9' }, items: [responseObject] };
    const many = auditEvent(aRequest(), { code: 200, completedMs, responseObject: list });
    expect(many).toMatchObject({ responseObject: { items: [{ metadata: { uid: 'u-1' } }] } });
    expect(JSON.stringify(many)).not.toContain('managedFields');
  });

  it('has no bodies at the level of metadata', () => {
    const secret = { group: '', version: 'v1', resource: 'secrets', subresource: '' };
    const body = { data: { password: 'x' } };
    const answered = { code: 200, completedMs, requestObject: body, responseObject: body };
    const event = auditEvent(aRequest(secret), answered);
    expect(event['level']).toBe('Metadata');
    expect(JSON.stringify(event)).not.toContain('password');
  });
});

it.each([
  ['patch', 'pool.kubevirt.io', 'virtualmachinepools', 'scale', 'RequestResponse'],
  ['create', 'kubevirt.io', 'virtualmachineinstancereplicasets', '', 'RequestResponse'],
  ['deletecollection', '', 'persistentvolumeclaims', '', 'RequestResponse'],
  ['patch', 'pool.kubevirt.io', 'virtualmachinepools', 'status', 'Metadata'],
  ['create', '', 'secrets', '', 'Metadata'],
  ['create', '', 'serviceaccounts', 'token', 'Metadata'],
  ['update', 'coordination.k8s.io', 'leases', '', 'None'],
  ['create', '', 'events', '', 'None'],
  ['list', 'pool.kubevirt.io', 'virtualmachinepools', '', 'None'],
  ['watch', 'kubevirt.io', 'virtualmachines', '', 'None'],
])('keeps a %s of %s/%s %s at the level %5$s', (verb, group, resource, subresource, level) => {
  expect(levelOf({ verb, group, resource, subresource })).toBe(level);
});

describe('the audit', () => {
  it('sends an event when a request that it keeps is done, and not before', () => {
    const sent: AuditEvent[] = [];
    const audit = createAudit(
      { send: (event) => void sent.push(event) },
      { now: () => completedMs },
    );
    const trail = audit(aRequest());
    trail?.requested({ spec: { replicas: 5 } });
    expect(sent).toEqual([]);
    trail?.completed(200, scale);
    expect(sent).toMatchObject([
      { requestObject: { spec: { replicas: 5 } }, responseObject: { spec: { replicas: 5 } } },
    ]);
    expect(audit(aRequest({ verb: 'list' }))).toBeUndefined();
  });

  it('tells of a controller inside as of one that came over the network', () => {
    const sent: AuditEvent[] = [];
    const clock = { now: () => completedMs };
    const audit = createAudit({ send: (event) => void sent.push(event) }, clock);
    const user = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
    auditController(
      audit,
      clock,
      'kube-controller-manager/v1.36.2',
    )(
      {
        verb: 'update',
        resource: { group: 'pool.kubevirt.io', version: 'v1beta1', plural: 'virtualmachinepools' },
        namespace: 'default',
        name: 'web',
        subresource: 'scale',
        caller: { user, groups: [] },
        fieldManager: 'kube-controller-manager',
        body: scale,
      },
      { code: 200, body: scale },
    );
    expect(sent).toMatchObject([
      {
        requestURI:
          '/apis/pool.kubevirt.io/v1beta1/namespaces/default/virtualmachinepools/web/scale',
        verb: 'update',
        user: { username: user },
        objectRef: { subresource: 'scale', uid: 'u-1', resourceVersion: '7' },
        responseObject: { spec: { replicas: 5 } },
      },
    ]);
  });
});
