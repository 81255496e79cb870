import { isRecord } from '#shared/lib/canonical.ts';
import type { Answer, RawObject } from './cluster.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { ClusterSettings } from './kube-cluster.ts';
import { isRawObject } from './raw-object.ts';
import { mayI } from './reviews.ts';
import type { Attempt } from './reviews.ts';

/** Where a kind is served that no service of ours watches. */
export type Resource = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
};

/** A cluster as somebody looks at it who wants to know how it is set up. Nothing is written. */
export interface Inspector extends AsyncDisposable {
  /** All objects of a kind, in all namespaces. */
  list(resource: Resource): Promise<Answer<readonly RawObject[]>>;
  /** Whether whoever asks may do something himself. */
  mayI(attempt: Attempt): Promise<Answer<boolean>>;
}

const pageSize = 500;

/** Nothing is asked yet; throws only when the kubeconfig cannot be used. */
export async function openInspector(settings: ClusterSettings): Promise<Inspector> {
  const { timeoutMs = 10_000, watchIdleMs: _idle, ...rest } = settings;
  const connection = await openConnection({
    ...rest,
    timeoutMs,
    listTimeoutMs: 60_000,
    idleMs: timeoutMs,
    mostBytes: 256 * 1024 * 1024,
  });
  return {
    list: (resource) => listAll(connection, resource),
    mayI: (attempt) => mayI(connection, attempt),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function listAll(
  connection: Connection,
  { group, version, plural }: Resource,
): Promise<Answer<readonly RawObject[]>> {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const doing = `listing ${plural}`;
  const found: RawObject[] = [];
  for (let next = ''; ;) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(next && { continue: next }) });
    const path = `${base}/${plural}?${query.toString()}`;
    const answer = await connection.call({ method: 'GET', path, doing, list: true });
    if (!answer.ok) return answer;
    const body = isRecord(answer.value) ? answer.value : {};
    const items: unknown = body['items'] ?? [];
    if (Array.isArray(items)) found.push(...items.filter(isRawObject));
    const token = isRecord(body['metadata']) ? body['metadata']['continue'] : undefined;
    if (typeof token !== 'string' || token === '') return { ok: true, value: found };
    next = token;
  }
}
