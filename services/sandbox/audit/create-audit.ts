import { randomUUID } from 'node:crypto';

import type { Audit } from '../http/audit-trail.ts';
import type { Clock, StoreAnswer, StoreRequest } from '../store/types.ts';
import { auditEvent, levelOfRequest } from './audit-event.ts';
import type { AuditSender } from './audit-sender.ts';

/** Tells the sender of each request over HTTP that the policy keeps. */
export function createAudit(sender: Pick<AuditSender, 'send'>, clock: Pick<Clock, 'now'>): Audit {
  return (request) => {
    if (levelOfRequest(request) === 'None') return undefined;
    let requestObject: unknown;
    return {
      requested: (object) => void (requestObject = object),
      started: () => {},
      completed: (code, responseObject) =>
        sender.send(
          auditEvent(request, { code, completedMs: clock.now(), requestObject, responseObject }),
        ),
    };
  };
}

type Written = Extract<StoreRequest, { readonly verb: 'update' | 'patch' }>;

/** A controller of the cluster itself does not come over HTTP; its writes look as if it did. */
export function auditController(
  audit: Audit,
  clock: Pick<Clock, 'now'>,
  userAgent: string,
): (request: Written, answer: StoreAnswer) => void {
  return (request, { code, body }) => {
    const { resource, namespace, name, subresource = '', caller, verb } = request;
    const { group, version, plural } = resource;
    const prefix = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const path = `${prefix}/namespaces/${namespace}/${plural}/${name}`;
    const trail = audit({
      auditId: randomUUID(),
      receivedMs: clock.now(),
      uri: subresource === '' ? path : `${path}/${subresource}`,
      userAgent,
      sourceIp: '127.0.0.1',
      user: caller,
      attributes: {
        kind: 'resource',
        verb,
        group,
        version,
        resource: plural,
        subresource,
        namespace,
        name,
      },
      // Nobody asks for its rights.
      verdict: { allowed: true, reason: '' },
    });
    trail?.requested(request.body);
    trail?.completed(code, body);
  };
}
