import { isRecord } from '#shared/lib/canonical.ts';
import type { ServiceAccountTokens } from '../access/account-tokens.ts';
import { readOne } from '../store/read-all.ts';
import type { Store } from '../store/types.ts';
import type { Exchange } from './exchange.ts';
import { mediaTypeOf, parseBody, readBytes } from './read-body.ts';
import type { ObjectTarget } from './paths.ts';
import { objectReply } from './reply.ts';
import type { Reply } from './reply.ts';
import { failure } from './status.ts';

export type TokenParts = { readonly store: Store; readonly tokens: ServiceAccountTokens };

const leastSeconds = 600;
const usualSeconds = 3600;

/** Whether a path is `serviceaccounts/<name>/token`. */
export function isAccountToken({ group, plural, subresource }: ObjectTarget): boolean {
  return group === '' && plural === 'serviceaccounts' && subresource === 'token';
}

/** `kubectl create token`: a TokenRequest, answered with a token in its status. */
export async function answerAccountToken(
  { store, tokens }: TokenParts,
  exchange: Exchange,
  { namespace = '', name = '' }: ObjectTarget,
): Promise<Reply> {
  const refuse = (code: number, message: string): Reply =>
    objectReply(failure(code, message), code);
  if (exchange.method !== 'POST') return refuse(405, 'only create is supported on this resource');
  const accounts = { group: '', version: 'v1', plural: 'serviceaccounts' };
  const account = readOne(store, accounts, { namespace, name });
  if (account === undefined) {
    const text = `serviceaccounts ${JSON.stringify(name)} not found`;
    return objectReply(failure(404, text, { name, kind: 'serviceaccounts' }), 404);
  }
  const bytes = await readBytes(exchange.request);
  if (bytes === 'too large') return refuse(413, 'Request entity too large: limit is 3145728');
  const type = mediaTypeOf(exchange.request.headers['content-type']);
  const parsed = parseBody(bytes, type);
  const body = parsed.kind === 'value' && isRecord(parsed.value) ? parsed.value : {};
  const spec = isRecord(body['spec']) ? body['spec'] : {};
  const wanted = spec['expirationSeconds'];
  const seconds = typeof wanted === 'number' ? Math.max(leastSeconds, wanted) : usualSeconds;
  const { token, expiresMs } = tokens.issue(account, { seconds });
  const status = {
    token,
    expirationTimestamp: new Date(expiresMs).toISOString().slice(0, 19) + 'Z',
  };
  const own = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' };
  const metadata = { name, namespace };
  const sent = { ...spec, expirationSeconds: seconds };
  return objectReply({ ...own, metadata, spec: sent, status }, 201);
}
