import { isRecord } from '#shared/lib/canonical.ts';
import type { Answer } from './cluster.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { ClusterSettings } from './kube-cluster.ts';

/** Somebody, as the API server knows him; handed back to it as it came when his rights are asked for. */
export type ReviewedUser = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, unknown>>;
};

/** What somebody would do to objects of one resource; without a namespace in all of them. */
export type Attempt = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
};

/** The API server as the judge of tokens and rights. */
export interface Reviews extends AsyncDisposable {
  /** Whose token it is; undefined for a token that nobody has. */
  whose(token: string): Promise<Answer<ReviewedUser | undefined>>;
  allows(user: ReviewedUser, attempt: Attempt): Promise<Answer<boolean>>;
}

/** Needs the right to create tokenreviews and subjectaccessreviews. Nothing is asked yet. */
export async function openReviews(settings: ClusterSettings): Promise<Reviews> {
  const { timeoutMs = 5_000, watchIdleMs: _idle, ...rest } = settings;
  const connection = await openConnection({
    ...rest,
    timeoutMs,
    listTimeoutMs: timeoutMs,
    idleMs: timeoutMs,
    mostBytes: 1024 * 1024,
  });
  return {
    whose: (token) => whose(connection, token),
    allows: (user, attempt) => allows(connection, user, attempt),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function whose(
  connection: Connection,
  token: string,
): Promise<Answer<ReviewedUser | undefined>> {
  const status = await review(connection, {
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    doing: 'asking whose token it is',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  });
  if (!status.ok) return status;
  const { authenticated, user } = status.value;
  return { ok: true, value: authenticated === true ? userIn(user) : undefined };
}

async function allows(
  connection: Connection,
  user: ReviewedUser,
  attempt: Attempt,
): Promise<Answer<boolean>> {
  const { name, ...identity } = user;
  const status = await review(connection, {
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    doing: 'asking what a user may do',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: name, ...identity, resourceAttributes: attempt },
    },
  });
  if (!status.ok) return status;
  return { ok: true, value: status.value['allowed'] === true };
}

/** Whether whoever the connection stands for may do something. */
export async function mayI(connection: Connection, attempt: Attempt): Promise<Answer<boolean>> {
  const status = await review(connection, {
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    doing: 'asking what we may do',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attempt },
    },
  });
  if (!status.ok) return status;
  return { ok: true, value: status.value['allowed'] === true };
}

type Review = { readonly path: string; readonly doing: string; readonly body: unknown };

async function review(
  connection: Connection,
  { path, doing, body }: Review,
): Promise<Answer<Readonly<Record<string, unknown>>>> {
  const contentType = 'application/json';
  const answer = await connection.call({ method: 'POST', path, doing, contentType, body });
  if (!answer.ok) return answer;
  const status = isRecord(answer.value) ? answer.value['status'] : undefined;
  if (isRecord(status)) return { ok: true, value: status };
  return { ok: false, failure: { kind: 'unclear', code: 200, reason: 'MalformedAnswer', doing } };
}

/** A user without a name is nobody. */
function userIn(user: unknown): ReviewedUser | undefined {
  if (!isRecord(user) || typeof user['username'] !== 'string') return undefined;
  const { username, uid, groups, extra } = user;
  if (username === '') return undefined;
  return {
    name: username,
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    ...(typeof uid === 'string' && { uid }),
    ...(isRecord(extra) && { extra }),
  };
}
