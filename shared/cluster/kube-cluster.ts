import { uidSchema } from '#shared/contract/ids.ts';
import type { Uid } from '#shared/contract/ids.ts';
import { kindAddresses } from '#shared/contract/kinds.ts';
import type { Kind, KindAddress } from '#shared/contract/kinds.ts';
import { fieldManager } from '#shared/contract/words.ts';
import { assert } from '#shared/lib/assert.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { addressOf, collectionPath, isWatchedKind, objectPath } from './addresses.ts';
import type {
  Answer,
  Cluster,
  ObjectRef,
  Page,
  PageRequest,
  Patch,
  Preconditions,
  RawObject,
  WatchFrom,
  WatchItem,
} from './cluster.ts';
import { openConnection } from './connection.ts';
import type { Call, Connection, ToldCall } from './connection.ts';
import { discoverVersions } from './discovery.ts';
import type { ServedVersions } from './discovery.ts';
import { isRawObject } from './raw-object.ts';
import { watchStream } from './watch-stream.ts';

export type ClusterSettings = {
  /** Path of a kubeconfig file. */
  readonly kubeconfig: string;
  readonly context?: string;
  readonly userAgent: string;
  readonly onCall?: (told: ToldCall) => void;
  readonly timeoutMs?: number;
  /** A real API server sends a bookmark about once a minute. */
  readonly watchIdleMs?: number;
};

/** The real Kubernetes API. Throws only when the kubeconfig cannot be used; nothing is asked yet. */
export async function openCluster(settings: ClusterSettings): Promise<Cluster> {
  const { timeoutMs, watchIdleMs, ...rest } = settings;
  const connection = await openConnection({
    ...rest,
    timeoutMs: timeoutMs ?? 10_000,
    listTimeoutMs: Math.max(60_000, timeoutMs ?? 0),
    idleMs: watchIdleMs ?? 150_000,
    mostBytes: 256 * 1024 * 1024,
  });
  return new KubeCluster(connection);
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

const signed = `fieldManager=${fieldManager}`;

class KubeCluster implements Cluster {
  readonly #connection: Connection;
  #served: ServedVersions | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async identity(): Promise<Answer<Uid>> {
    const answer = await this.read({ kind: 'Namespace', namespace: '', name: 'kube-system' });
    if (!answer.ok) return answer;
    const parsed = uidSchema.safeParse(answer.value.metadata?.uid);
    return parsed.success ? { ok: true, value: parsed.data } : malformed('reading kube-system');
  }

  async discover(): Promise<Answer<ReadonlyMap<Kind, string>>> {
    const answer = await discoverVersions(this.#connection);
    if (!answer.ok) return answer;
    this.#served = answer.value;
    const apiVersions = [...answer.value].map(
      ([kind, version]) => [kind, apiVersionOf(kindAddresses[kind], version)] as const,
    );
    return { ok: true, value: new Map(apiVersions) };
  }

  async list(kind: Kind, page: PageRequest): Promise<Answer<Page>> {
    const doing = `listing ${kind}`;
    const version = await this.#versionOf(kind);
    if (!version.ok) return version;
    const query = new URLSearchParams({ limit: String(page.limit) });
    if (page.continue !== undefined) query.set('continue', page.continue);
    const path = `${collectionPath(kindAddresses[kind], version.value)}?${query.toString()}`;
    const answer = await this.#connection.call({ method: 'GET', path, doing, list: true });
    return answer.ok ? pageOf(answer.value, doing) : answer;
  }

  async *watch(kind: Kind, from: WatchFrom, signal: AbortSignal): AsyncGenerator<WatchItem> {
    const version = await this.#versionOf(kind);
    if (!version.ok) {
      yield { type: 'FAILED', failure: version.failure };
      return;
    }
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from.resourceVersion,
      timeoutSeconds: String(from.timeoutSeconds),
    });
    const path = `${collectionPath(kindAddresses[kind], version.value)}?${query.toString()}`;
    yield* watchStream(this.#connection, { path, doing: `watching ${kind}`, signal });
  }

  async read(object: ObjectRef): Promise<Answer<RawObject>> {
    return await this.#onObject(object, { method: 'GET', doing: `reading ${object.kind}` });
  }

  async create(object: RawObject): Promise<Answer<RawObject>> {
    const kind = object.kind ?? '';
    const target = { kind, namespace: object.metadata?.namespace ?? '', name: '' };
    return await this.#onObject(target, {
      method: 'POST',
      query: signed,
      contentType: 'application/json',
      body: object,
      doing: `creating ${kind}`,
    });
  }

  async patch(object: ObjectRef, patch: Patch): Promise<Answer<RawObject>> {
    return await this.#onObject(object, {
      method: 'PATCH',
      query: signed,
      contentType: patchTypes[patch.type],
      body: patch.body,
      doing: `patching ${object.kind}`,
    });
  }

  async remove(object: ObjectRef, preconditions: Preconditions): Promise<Answer<RawObject>> {
    const { uid, resourceVersion } = preconditions;
    return await this.#onObject(object, {
      method: 'DELETE',
      contentType: 'application/json',
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Background',
        preconditions: { uid, resourceVersion },
      },
      doing: `deleting ${object.kind}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async #onObject(object: ObjectRef, action: ObjectAction): Promise<Answer<RawObject>> {
    const version = await this.#versionOf(object.kind);
    if (!version.ok) return version;
    const { query, ...rest } = action;
    const path = objectPath(knownAddress(object.kind), version.value, object);
    const answer = await this.#connection.call({
      ...rest,
      path: query === undefined ? path : `${path}?${query}`,
    });
    // KubeVirt may have come, or have been upgraded, since: the next call looks anew.
    if (!answer.ok && answer.failure.kind === 'not-served') this.#served = undefined;
    if (!answer.ok) return answer;
    return isRawObject(answer.value) ? { ok: true, value: answer.value } : malformed(action.doing);
  }

  /** Only a kind with several versions needs to be discovered before its first use. */
  async #versionOf(kind: string): Promise<Answer<string>> {
    const [first = '', ...others] = knownAddress(kind).versions;
    if (others.length === 0 || !isWatchedKind(kind)) return { ok: true, value: first };
    if (this.#served === undefined) {
      const discovered = await this.discover();
      if (!discovered.ok) return discovered;
    }
    return { ok: true, value: this.#served?.get(kind) ?? first };
  }
}

type ObjectAction = Omit<Call, 'path' | 'list'> & { readonly query?: string };

function knownAddress(kind: string): KindAddress {
  const address = addressOf(kind);
  assert(address !== undefined, `no address is known for the kind ${kind}`);
  return address;
}

function apiVersionOf(address: KindAddress, version: string): string {
  return address.group === '' ? version : `${address.group}/${version}`;
}

function pageOf(body: unknown, doing: string): Answer<Page> {
  if (!isRecord(body) || !isRecord(body['metadata'])) return malformed(doing);
  const { resourceVersion, continue: next } = body['metadata'];
  const items: unknown = body['items'] ?? [];
  if (typeof resourceVersion !== 'string' || !Array.isArray(items)) return malformed(doing);
  if (!items.every(isRawObject)) return malformed(doing);
  const more = typeof next === 'string' && next !== '' ? { continue: next } : {};
  return { ok: true, value: { items, resourceVersion, ...more } };
}

function malformed<T>(doing: string): Answer<T> {
  return { ok: false, failure: { kind: 'unclear', code: 200, reason: 'MalformedAnswer', doing } };
}
