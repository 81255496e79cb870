import { isRecord } from '#shared/lib/canonical.ts';
import { textAt } from '../behaviour/read.ts';
import type { AuditedRequest } from '../http/audit-trail.ts';
import { levelOf } from './audit-policy.ts';
import type { Level } from './audit-policy.ts';

/** How a request ended. */
export type Completion = {
  readonly code: number;
  readonly completedMs: number;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
};

export type AuditEvent = Readonly<Record<string, unknown>>;

/** The level at which a request is kept; a request for a path and no object is not kept. */
export function levelOfRequest({ attributes }: AuditedRequest): Level {
  return attributes.kind === 'resource' ? levelOf(attributes) : 'None';
}

/** An `audit.k8s.io/v1` Event of the stage ResponseComplete. */
export function auditEvent(request: AuditedRequest, completion: Completion): AuditEvent {
  const level = levelOfRequest(request);
  const { requestObject, responseObject, code } = completion;
  const isWhole = level === 'RequestResponse';
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: request.auditId,
    stage: 'ResponseComplete',
    requestURI: request.uri,
    verb: request.attributes.verb,
    user: userOf(request.user),
    ...(request.impersonated && { impersonatedUser: userOf(request.impersonated) }),
    sourceIPs: [request.sourceIp],
    userAgent: request.userAgent,
    ...objectRef(request, completion),
    responseStatus: statusOf(code, responseObject),
    ...(isWhole && requestObject !== undefined && { requestObject: trimmed(requestObject) }),
    ...(isWhole && responseObject !== undefined && { responseObject: trimmed(responseObject) }),
    requestReceivedTimestamp: microTime(request.receivedMs),
    stageTimestamp: microTime(completion.completedMs),
    annotations: {
      'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow',
      'authorization.k8s.io/reason': '',
    },
  };
}

function userOf({ user, groups }: AuditedRequest['user']): AuditEvent {
  return { username: user, groups };
}

/** What the path names; a body that is sent adds uid and resourceVersion, an answer the name it was given. */
function objectRef({ attributes }: AuditedRequest, completion: Completion): AuditEvent {
  if (attributes.kind === 'path') return {};
  const { requestObject, responseObject } = completion;
  const { group, version, resource, subresource, namespace } = attributes;
  const sent = attributes.verb === 'update' ? requestObject : undefined;
  const made = attributes.verb === 'create' ? responseObject : undefined;
  const name = attributes.name || (textAt(made, 'metadata', 'name') ?? '');
  const uid = textAt(sent, 'metadata', 'uid');
  const resourceVersion = textAt(sent, 'metadata', 'resourceVersion');
  return {
    objectRef: {
      resource,
      ...(namespace !== '' && { namespace }),
      ...(name !== '' && { name }),
      ...(uid !== undefined && { uid }),
      ...(group !== '' && { apiGroup: group }),
      apiVersion: version,
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(subresource !== '' && { subresource }),
    },
  };
}

/** A Status tells itself, of anything else only the code is told. */
function statusOf(code: number, responseObject: unknown): AuditEvent {
  if (!isRecord(responseObject) || responseObject['kind'] !== 'Status') {
    return { metadata: {}, code };
  }
  const { status, message, reason, details } = responseObject;
  return {
    metadata: {},
    ...(status !== undefined && { status }),
    ...(message !== undefined && { message }),
    ...(reason !== undefined && { reason }),
    ...(details !== undefined && { details }),
    code,
  };
}

/** Without managedFields, as a policy with `omitManagedFields`. */
function trimmed(object: unknown): unknown {
  if (!isRecord(object) || !isRecord(object['metadata'])) return object;
  const { managedFields: _, ...metadata } = object['metadata'];
  return { ...object, metadata };
}

/** RFC 3339 with microseconds, of which the clock here knows the first three. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
