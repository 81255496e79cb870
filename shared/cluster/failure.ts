import { isRecord } from '#shared/lib/canonical.ts';
import { textOf } from '#shared/lib/loose.ts';
import type { Failure, FailureKind } from './cluster.ts';

/** An HTTP answer that is not a success, or an ERROR event of a watch. */
export type Refusal = {
  readonly status: number;
  /** The parsed body: a Status object, or anything else. */
  readonly body: unknown;
  readonly retryAfterMs?: number;
  readonly doing: string;
};

/**
 * What an answer of the API server means. The only place that knows HTTP codes. The message of a Status
 * is looked at where nothing else tells two cases apart, and never forwarded, for it may hold values.
 */
export function failureOf({ status, body, retryAfterMs, doing }: Refusal): Failure {
  const details = readStatus(body);
  const field = details.causes.map((cause) => cause.field).find(isFieldPath);
  return {
    kind: kindOf(status, details),
    code: status,
    reason: isWord(details.reason) ? details.reason : '',
    ...(field === undefined ? {} : { field }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    doing,
  };
}

/**
 * No answer came, or none that could be read: the server may or may not have done it. This holds for a
 * refused connection too; the caller repeats either way.
 */
export function unclear(doing: string, error: unknown): Failure {
  return { kind: 'unclear', code: 0, reason: errorCode(error), doing };
}

/** The code of a network error, e.g. `ECONNRESET`; its message may quote what was sent. */
function errorCode(error: unknown): string {
  if (!isRecord(error)) return '';
  const { code, name, cause } = error;
  if (typeof code === 'string' && isWord(code)) return code;
  const inner = cause === undefined ? '' : errorCode(cause);
  if (inner !== '') return inner;
  return typeof name === 'string' && isWord(name) ? name : '';
}

/** Other credentials might do: a token or certificate was refused, or the server's no longer convinces. */
export function isCredentialTrouble(failure: Failure): boolean {
  return failure.kind === 'unauthorized' || /CERT|SSL|TLS|SIGNED|SIGNATURE/.test(failure.reason);
}

type Cause = { readonly reason: string; readonly field: string };
type StatusDetails = {
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly Cause[];
};

function kindOf(status: number, details: StatusDetails): FailureKind {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return forbiddenKind(details);
    case 404:
      return details.reason === 'NotFound' ? 'not-found' : 'not-served';
    case 409:
      return details.reason === 'AlreadyExists' ? 'already-exists' : 'conflict';
    case 410:
      return 'gone';
    case 413:
      return 'too-large';
    case 422:
      return 'invalid';
    case 429:
      return 'throttled';
    default:
      return otherKind(status, details);
  }
}

function forbiddenKind({ message, causes }: StatusDetails): FailureKind {
  if (causes.some((cause) => cause.reason === 'NamespaceTerminating')) {
    return 'namespace-terminating';
  }
  return message.includes('exceeded quota') ? 'quota' : 'forbidden';
}

/**
 * Two answers come as a 500 and are certain all the same: etcd's refusal of a large object, and that a webhook
 * cannot be asked, which comes before anything is written. Taken for unclear, they would be repeated without a
 * word to anybody.
 */
function otherKind(status: number, { message }: StatusDetails): FailureKind {
  if (status >= 400 && status < 500) return 'rejected';
  if (message.startsWith('Internal error occurred: failed calling webhook')) return 'webhook-away';
  return message.startsWith('etcdserver: request is too large') ? 'too-large' : 'unclear';
}

function readStatus(body: unknown): StatusDetails {
  if (!isRecord(body)) return { reason: '', message: '', causes: [] };
  const details = body['details'];
  const causes = isRecord(details) && Array.isArray(details['causes']) ? details['causes'] : [];
  return {
    reason: textOf(body['reason']),
    message: textOf(body['message']),
    causes: causes.map((cause: unknown) => ({
      reason: isRecord(cause) ? textOf(cause['reason']) : '',
      field: isRecord(cause) ? textOf(cause['field']) : '',
    })),
  };
}

/** One word cannot smuggle a value of somebody's template through a webhook's answer. */
function isWord(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text);
}

/** Schema errors carry an extra cause whose field is `<nil>`. */
function isFieldPath(field: string): boolean {
  return /^[\w.\-/[\]]{1,256}$/.test(field);
}
