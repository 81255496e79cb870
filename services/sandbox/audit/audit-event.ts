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
      'authorization.k8s.io/decision': request.verdict.allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': request.verdict.reason,
    },
  };
}

function userOf({ user, uid, groups, extra }: AuditedRequest['user']): AuditEvent {
  return { username: user, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

/**
 * What the path names, and what a whole object that is sent says beyond that. A name that the server makes
 * is told in the answer only, as apiserver's LogRequestObject has it.
 */
function objectRef({ attributes }: AuditedRequest, { requestObject }: Completion): AuditEvent {
  if (attributes.kind === 'path') return {};
  const { group, version, resource, subresource, namespace } = attributes;
  const isWhole = attributes.verb === 'update' || attributes.verb === 'create';
  const sent = isWhole ? requestObject : undefined;
  const name = attributes.name || (textAt(sent, 'metadata', 'name') ?? '');
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

/** Without managedFields, also those of a list's items, as a policy with `omitManagedFields`. */
function trimmed(object: unknown): unknown {
  if (!isRecord(object) || !isRecord(object['metadata'])) return object;
  const { managedFields: _, ...metadata } = object['metadata'];
  const { items } = object;
  return { ...object, metadata, ...(Array.isArray(items) && { items: items.map(trimmed) }) };
}

/** RFC 3339 with microseconds, of which the clock here knows the first three. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
