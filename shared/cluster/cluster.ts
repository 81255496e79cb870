import type { ResourceVersion, Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';

/**
 * The Kubernetes API as Rollcall uses it. Answers are values: what may happen is returned, and only
 * a fault of ours is thrown. The real client stands behind it in production, the sandbox's store in
 * simulation.
 */
export interface Cluster extends AsyncDisposable {
  /** uid of the namespace kube-system: names the cluster for ever. */
  identity(): Promise<Answer<Uid>>;
  /** The apiVersion under which each kind is served; a kind that is missing is not served. */
  discover(): Promise<Answer<ReadonlyMap<Kind, string>>>;
  /** One page of a consistent list over all namespaces: never resourceVersion=0. */
  list(kind: Kind, page: PageRequest): Promise<Answer<Page>>;
  /**
   * Every event after a version, until the server or the signal ends it. Throws nothing: a failure is
   * the last item. Bookmarks are asked for.
   */
  watch(kind: Kind, from: WatchFrom, signal: AbortSignal): AsyncIterable<WatchItem>;
  read(object: ObjectRef): Promise<Answer<RawObject>>;
  create(object: RawObject): Promise<Answer<RawObject>>;
  patch(object: ObjectRef, patch: Patch): Promise<Answer<RawObject>>;
  /** Background propagation. Both preconditions are required: nothing is deleted by name alone. */
  remove(object: ObjectRef, preconditions: Preconditions): Promise<Answer<RawObject>>;
}

/** Any object, untyped: parsed at the door of whoever uses it. */
export type RawObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

export type ObjectRef = {
  /** A watched kind, or `Event`, `Namespace`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: 'status';
};

export type PageRequest = { readonly limit: number; readonly continue?: string };
export type Page = {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
};
export type WatchFrom = { readonly resourceVersion: string; readonly timeoutSeconds: number };

export type WatchItem =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: RawObject }
  | { readonly type: 'FAILED'; readonly failure: Failure };

export type Patch =
  | { readonly type: 'merge'; readonly body: RawObject }
  | { readonly type: 'json'; readonly body: readonly JsonPatchStep[] };

export type JsonPatchStep =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export type Preconditions = { readonly uid: Uid; readonly resourceVersion: ResourceVersion };

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Why a call did not succeed. `unclear` means that the server may or may not have done it: never to be
 * read as a no. Texts of the API server are kept out of `field` and `reason` (they may hold values).
 */
export type Failure = {
  readonly kind: FailureKind;
  /** HTTP status, 0 when there was none. */
  readonly code: number;
  /** The Status object's reason, e.g. `AlreadyExists`. */
  readonly reason: string;
  /** Path of the first refused field. */
  readonly field?: string;
  readonly retryAfterMs?: number;
  /** What we were doing, for the log; no text of the server's. */
  readonly doing: string;
};

export const failureKinds = [
  'not-found',
  /** The server knows no such path: the kind is not served, which says nothing of its objects. */
  'not-served',
  'already-exists',
  'conflict',
  'invalid',
  'forbidden',
  'quota',
  'namespace-terminating',
  /** An admission webhook that must be asked cannot be: nothing was written. */
  'webhook-away',
  'unauthorized',
  'gone',
  'too-large',
  'throttled',
  'rejected',
  'unclear',
] as const;
export type FailureKind = (typeof failureKinds)[number];
