import type { IncomingMessage } from 'node:http';

import type { Caller } from '../store/types.ts';
import { failure } from './status.ts';
import type { Status } from './status.ts';
import type { TokenUser } from './users.ts';

export type Identity =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly status: Status };

/** Who sends a request, by its bearer token; a token that nobody has is refused everywhere. */
export function authenticator(users: readonly TokenUser[]): (request: IncomingMessage) => Identity {
  const byToken = new Map(users.map((user) => [user.token, user.caller]));
  return (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return { kind: 'anonymous' };
    const [scheme = '', token = ''] = authorization.split(' ', 2);
    const caller = scheme.toLowerCase() === 'bearer' ? byToken.get(token) : undefined;
    if (caller === undefined) return { kind: 'refused', status: unauthorized() };
    return impersonated(request, caller);
  };
}

export function unauthorized(): Status {
  return failure(401, 'Unauthorized');
}

/** `kubectl --as`: only system:masters may speak for others. */
function impersonated(request: IncomingMessage, caller: Caller): Identity {
  const user = request.headers['impersonate-user'];
  if (typeof user !== 'string') return { kind: 'known', caller };
  if (!caller.groups.includes('system:masters')) {
    const message = `users ${JSON.stringify(user)} is forbidden: User ${JSON.stringify(caller.user)} cannot impersonate resource "users" in API group "" at the cluster scope`;
    const status = failure(403, message, { name: user, kind: 'users' });
    return { kind: 'refused', status };
  }
  const groups = request.headers['impersonate-group'] ?? [];
  const given = typeof groups === 'string' ? groups.split(',').map((name) => name.trim()) : groups;
  return { kind: 'known', caller: { user, groups: [...given, 'system:authenticated'] } };
}
