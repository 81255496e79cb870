import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Caller } from '../store/types.ts';
import type { AuditTrail } from './audit-trail.ts';

/** One request on its way to an answer. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly trail?: AuditTrail | undefined;
};

/** The manager of a write: as given, otherwise the client's program name, as Kubernetes does. */
export function fieldManagerOf({ query, request }: Exchange): string {
  const given = query.get('fieldManager');
  if (given !== null && given !== '') return given;
  const program = (request.headers['user-agent'] ?? '').split('/', 1)[0] ?? '';
  return program.slice(0, 128) || 'unknown';
}
