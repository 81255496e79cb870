import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

import type { Authorizer } from '../access/authorizer.ts';
import type { Caller } from '../store/types.ts';
import { impersonated } from './impersonate.ts';
import { failure } from './status.ts';
import type { Status } from './status.ts';
import type { TokenUser } from './users.ts';

export type Identity =
  | { readonly kind: 'known'; readonly caller: Caller; readonly impersonator?: Caller }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly status: Status };

export type IdentityParts = {
  readonly users: readonly TokenUser[];
  /** Who the token of a service account proves. */
  readonly accountOf: (token: string) => Caller | undefined;
  readonly authorizer: Authorizer;
};

/** Proves callers and lets some of them speak for others. */
export interface Authenticator {
  identify(request: IncomingMessage): Identity;
  callerOf(token: string): Caller | undefined;
}

/**
 * Who sends a request, by client certificate or bearer token. A token that nobody has and a certificate
 * that we did not sign are refused everywhere.
 */
export function openAuthenticator({ users, accountOf, authorizer }: IdentityParts): Authenticator {
  const byToken = new Map(users.map((user) => [user.token, user.caller]));
  const callerOf = (token: string) => byToken.get(token) ?? accountOf(token);
  const proven = (request: IncomingMessage): Caller | 'nobody' | 'unproven' => {
    const certified = certifiedCaller(request);
    if (certified !== undefined) return certified;
    const { authorization } = request.headers;
    if (authorization === undefined) return 'nobody';
    const [scheme = '', token = ''] = authorization.split(' ', 2);
    return (scheme.toLowerCase() === 'bearer' ? callerOf(token) : undefined) ?? 'unproven';
  };
  return {
    callerOf,
    identify(request) {
      const caller = proven(request);
      if (caller === 'nobody') return { kind: 'anonymous' };
      if (caller === 'unproven') return { kind: 'refused', status: unauthorized() };
      return impersonated(request, caller, authorizer);
    },
  };
}

/** Whoever shows nothing, where that is let in at all. */
export const anonymous: Caller = {
  user: 'system:anonymous',
  groups: ['system:unauthenticated'],
};

export function unauthorized(): Status {
  return failure(401, 'Unauthorized');
}

/** The user of a client certificate: its common name, and its organizations as groups. */
function certifiedCaller({ socket }: IncomingMessage): Caller | 'unproven' | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  if (!socket.authorized) return 'unproven';
  const user: unknown = subject.CN;
  const groups: unknown = subject.O ?? [];
  if (typeof user !== 'string') return 'unproven';
  return { user, groups: [...[groups].flat().map(String), 'system:authenticated'] };
}
