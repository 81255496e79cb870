import { createHash, createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { isRecord } from '#shared/lib/canonical.ts';
import { readOne } from '../store/read-all.ts';
import type { Caller, KubeObject, Store } from '../store/types.ts';

const issuer = 'https://kubernetes.default.svc';

/** Makes and checks the tokens of service accounts: JSON web tokens signed with ES256. */
export interface ServiceAccountTokens {
  issue(account: KubeObject, wanted: { readonly seconds: number }): IssuedToken;
  /** Who a token proves; undefined where it is none of ours, expired, or of an account that is gone. */
  callerOf(token: string): Caller | undefined;
}

export type IssuedToken = { readonly token: string; readonly expiresMs: number };

type Parts = {
  readonly store: Store;
  readonly now: () => number;
  /** A private key on P-256. */
  readonly key: KeyObject;
};

export function openServiceAccountTokens({ store, now, key }: Parts): ServiceAccountTokens {
  const publicKey = createPublicKey(key);
  const keyId = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return {
    issue({ metadata }, { seconds }) {
      const { namespace = '', name, uid } = metadata;
      const issuedAt = Math.floor(now() / 1000);
      const exp = issuedAt + seconds;
      const claims = {
        aud: [issuer],
        exp,
        iat: issuedAt,
        iss: issuer,
        jti: randomUUID(),
        'kubernetes.io': { namespace, serviceaccount: { name, uid } },
        nbf: issuedAt,
        sub: `system:serviceaccount:${namespace}:${name}`,
      };
      const head = encoded({ alg: 'ES256', kid: keyId });
      const body = `${head}.${encoded(claims)}`;
      const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
      return { token: `${body}.${signature.toString('base64url')}`, expiresMs: exp * 1000 };
    },
    callerOf(token) {
      const claims = provenClaims(token, publicKey);
      if (claims === undefined || Number(claims['exp']) * 1000 <= now()) return undefined;
      return livingAccount(store, claims);
    },
  };
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function provenClaims(token: string, key: KeyObject) {
  const [head, body, signature, ...rest] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) {
    return undefined;
  }
  const text = Buffer.from(`${head}.${body}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, bytes)) return undefined;
  // What we signed ourselves is JSON.
  const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  return isRecord(claims) ? claims : undefined;
}

const accounts = { group: '', version: 'v1', plural: 'serviceaccounts' };

function livingAccount(
  store: Store,
  claims: Readonly<Record<string, unknown>>,
): Caller | undefined {
  const own = recordOf(claims['kubernetes.io']);
  const { name, uid } = recordOf(own['serviceaccount']);
  const { namespace } = own;
  if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  const account = readOne(store, accounts, { namespace, name });
  if (account === undefined || account.metadata.uid !== uid) return undefined;
  const extra = { 'authentication.kubernetes.io/credential-id': [`JTI=${String(claims['jti'])}`] };
  return { ...serviceAccountCaller(namespace, name), uid: account.metadata.uid, extra };
}

/** A service account as a user. */
export function serviceAccountCaller(namespace: string, name: string): Caller {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ],
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
