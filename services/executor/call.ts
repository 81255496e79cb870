import type { Answer, Failure, RawObject } from '#shared/cluster/cluster.ts';
import type { ResourceVersion, Uid } from '#shared/contract/ids.ts';
import { resourceVersionSchema, uidSchema } from '#shared/contract/ids.ts';
import type { Outcome, Reason } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';

/** What one command came to, before it is written down. */
export type Result = {
  readonly outcome: Outcome;
  readonly uid?: Uid;
  readonly resourceVersion?: ResourceVersion;
  readonly reason?: Reason;
  readonly code?: number;
  readonly field?: string;
  readonly returned?: readonly string[];
};

/** The answer is not certain yet, or not final: ask again later, for the same object. */
export type Again = { readonly again: true; readonly afterMs?: number };

export function applied(object: RawObject): Result {
  return { outcome: 'applied', ...identityOf(object) };
}

export function already(object?: RawObject): Result {
  return { outcome: 'already', ...(object === undefined ? {} : identityOf(object)) };
}

export function stale(reason: Reason): Result {
  return { outcome: 'stale', reason };
}

function identityOf(object: RawObject): Pick<Result, 'uid' | 'resourceVersion'> {
  const uid = uidSchema.safeParse(object.metadata?.uid);
  const version = resourceVersionSchema.safeParse(object.metadata?.resourceVersion);
  return {
    ...(uid.success && { uid: uid.data }),
    ...(version.success && { resourceVersion: version.data }),
  };
}

/**
 * What a failure means when no effect knows better: a certain no, or "again". Unclear answers are never
 * a no: the server may have done it. 401 is not a no either, for credentials come back.
 */
export function refusal(failure: Failure): Result | Again {
  switch (failure.kind) {
    case 'unclear':
    case 'unauthorized':
      return { again: true };
    case 'throttled':
      return failure.retryAfterMs === undefined
        ? { again: true }
        : { again: true, afterMs: failure.retryAfterMs };
    case 'conflict':
      return { outcome: 'stale', reason: 'MemberChanged', code: failure.code };
    default:
      return {
        outcome: 'refused',
        reason: reasonOf(failure.kind),
        code: failure.code,
        ...(failure.field !== undefined && { field: failure.field }),
      };
  }
}

type NoKind = Exclude<Failure['kind'], 'unclear' | 'unauthorized' | 'throttled' | 'conflict'>;

function reasonOf(kind: NoKind): Reason {
  switch (kind) {
    case 'already-exists':
      return 'NameTaken';
    case 'not-found':
    case 'not-served':
    case 'gone':
      return 'NotFound';
    case 'invalid':
      return 'Invalid';
    case 'forbidden':
      return 'Forbidden';
    case 'quota':
      return 'QuotaExceeded';
    case 'namespace-terminating':
      return 'NamespaceTerminating';
    case 'webhook-away':
      return 'WebhookUnavailable';
    case 'too-large':
      return 'TooLarge';
    case 'rejected':
      return 'Rejected';
    default:
      return unreachable(kind);
  }
}

export function isAgain(result: Result | Again): result is Again {
  return 'again' in result;
}

/** The effect stands in the cluster; any other outcome says that it certainly does not. */
export function isDone({ outcome }: Result): boolean {
  return outcome === 'applied' || outcome === 'already';
}

/** What a read came to: the object, its certain absence, or an end without either. */
export type Sight =
  | { readonly type: 'found'; readonly object: RawObject }
  | { readonly type: 'missing' }
  | { readonly type: 'unseen'; readonly result: Result | Again };

export function sightOf(answer: Answer<RawObject>): Sight {
  if (answer.ok) return { type: 'found', object: answer.value };
  if (answer.failure.kind === 'not-found') return { type: 'missing' };
  return { type: 'unseen', result: refusal(answer.failure) };
}
