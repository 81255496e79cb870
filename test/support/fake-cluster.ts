import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { Uid } from '#shared/contract/ids.ts';
import { apiVersionOf, kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type {
  Answer,
  Cluster,
  Failure,
  ObjectRef,
  Page,
  PageRequest,
  Preconditions,
  RawObject,
  WatchFrom,
  WatchItem,
} from '#shared/cluster/cluster.ts';

type Change = {
  readonly kind: Kind;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: RawObject;
};

type Stored = { readonly kind: Kind; readonly object: RawObject };

type Verb = 'identity' | 'discover' | 'list' | 'watch';

/**
 * A cluster in memory, as far as reading goes: objects in an array, a history for watches, versions that
 * count up. Tests change it, and make it fail.
 */
export class FakeCluster implements Cluster {
  readonly asked: { readonly verb: Verb; readonly kind?: Kind }[] = [];
  readonly #served = new Set<Kind>(kinds);
  readonly #failures = new Map<string, Failure[]>();
  readonly #id: Uid;
  #version = 100;
  #uids = 0;
  #compacted = 0;
  #versionPrefix = '';
  #objects: readonly Stored[] = [];
  #changes: readonly Change[] = [];
  /** What stood at a version, for lists that go on with their pages. */
  readonly #snapshots = new Map<number, readonly Stored[]>();
  #cut: Promise<Failure | undefined> = new Promise(() => undefined);
  #cutNow: (failure: Failure | undefined) => void = () => undefined;
  #news = Promise.withResolvers<void>();

  constructor(id = 'cluster-1') {
    this.#id = uid(id);
    this.#armCut();
  }

  /** Creates the object, or replaces the one of its name; fields not given are made up. */
  put(kind: Kind, object: RawObject): RawObject {
    const { namespace = 'shop', name = 'x', ...metadata } = object.metadata ?? {};
    const before = this.#find(kind, namespace, name);
    const stored: RawObject = {
      ...object,
      metadata: {
        uid: before?.metadata?.uid ?? `uid-${++this.#uids}`,
        creationTimestamp: '2026-11-21T10:00:00Z',
        generation: 1,
        ...metadata,
        ...(kind === 'PersistentVolume' ? {} : { namespace }),
        name,
        resourceVersion: String(++this.#version),
      },
    };
    this.#objects = [
      ...this.#objects.filter((one) => one.object !== before),
      { kind, object: stored },
    ];
    this.#tell({ kind, type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  }

  take(kind: Kind, name: string, namespace = 'shop'): void {
    const object = this.#find(kind, namespace, name);
    if (object === undefined) throw new Error(`no ${kind} ${name}`);
    this.#objects = this.#objects.filter((one) => one.object !== object);
    const resourceVersion = String(++this.#version);
    this.#tell({
      kind,
      type: 'DELETED',
      object: { ...object, metadata: { ...object.metadata, resourceVersion } },
    });
  }

  serve(kind: Kind, isServed: boolean): void {
    if (isServed) this.#served.add(kind);
    else this.#served.delete(kind);
  }

  /** The next call of a verb, for one kind or for any, fails. */
  failNext(verb: Verb, failure: Partial<Failure>, kind?: Kind): void {
    const key = `${verb}/${kind ?? ''}`;
    this.#failures.set(key, [...(this.#failures.get(key) ?? []), failureOf(failure)]);
  }

  /** Ends all watches: cleanly, or with a failure. */
  cutWatches(failure?: Partial<Failure>): void {
    const cutNow = this.#cutNow;
    this.#armCut();
    cutNow(failure === undefined ? undefined : failureOf(failure));
  }

  /** All objects of a kind. */
  all(kind: Kind): readonly RawObject[] {
    return this.#objects.filter((one) => one.kind === kind).map((one) => one.object);
  }

  /** From now on a list answers with versions that are no numbers. */
  spoilVersions(): void {
    this.#versionPrefix = 'v';
  }

  /** Forgets the history: whoever watches from before gets 410. */
  compact(): void {
    this.#compacted = this.#version;
    this.#changes = [];
  }

  async identity(): Promise<Answer<Uid>> {
    const failure = this.#ask('identity');
    return failure ?? { ok: true, value: this.#id };
  }

  async discover(): Promise<Answer<ReadonlyMap<Kind, string>>> {
    const failure = this.#ask('discover');
    if (failure !== undefined) return failure;
    return {
      ok: true,
      value: new Map([...this.#served].map((kind) => [kind, apiVersionOf(kind)])),
    };
  }

  async list(kind: Kind, page: PageRequest): Promise<Answer<Page>> {
    const failure = this.#ask('list', kind);
    if (failure !== undefined) return failure;
    if (!this.#served.has(kind)) return failed({ kind: 'not-found', code: 404 });
    const [version = this.#version, start = 0] = (page.continue ?? '')
      .split('/')
      .filter(Boolean)
      .map(Number);
    if (page.continue !== undefined && version < this.#compacted)
      return failed({ kind: 'gone', code: 410 });
    if (page.continue === undefined) this.#snapshots.set(version, this.#objects);
    const stored = this.#snapshots.get(version) ?? [];
    const all = stored.filter((one) => one.kind === kind).map((one) => one.object);
    const end = start + page.limit;
    const more = end < all.length ? { continue: `${version}/${end}` } : {};
    return {
      ok: true,
      value: {
        items: all.slice(start, end),
        resourceVersion: `${this.#versionPrefix}${version}`,
        ...more,
      },
    };
  }

  async *watch(kind: Kind, from: WatchFrom, signal: AbortSignal): AsyncGenerator<WatchItem> {
    const failure = this.#ask('watch', kind);
    if (failure !== undefined) return yield { type: 'FAILED', failure: failure.failure };
    const cut = this.#cut;
    let at = Number(from.resourceVersion);
    if (at < this.#compacted) {
      return yield { type: 'FAILED', failure: failureOf({ kind: 'gone', code: 410 }) };
    }
    const aborted = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    while (!signal.aborted) {
      const news = this.#news.promise;
      for (const change of this.#changes) {
        if (change.version <= at || change.kind !== kind) continue;
        at = change.version;
        yield { type: change.type, object: change.object };
      }
      const end = await Promise.race([news.then(() => 'more' as const), cut, aborted]);
      if (end === 'more') continue;
      if (end !== undefined) yield { type: 'FAILED', failure: end };
      return;
    }
  }

  async read(ref: ObjectRef): Promise<Answer<RawObject>> {
    const kind = kinds.find((known) => known === ref.kind);
    const object = kind === undefined ? undefined : this.#find(kind, ref.namespace, ref.name);
    return object === undefined
      ? failed({ kind: 'not-found', code: 404 })
      : { ok: true, value: object };
  }

  async create(): Promise<Answer<RawObject>> {
    return failed({ kind: 'forbidden', code: 403 });
  }

  async patch(): Promise<Answer<RawObject>> {
    return failed({ kind: 'forbidden', code: 403 });
  }

  async remove(_object: ObjectRef, preconditions: Preconditions): Promise<Answer<RawObject>> {
    resourceVersionSchema.parse(preconditions.resourceVersion);
    return failed({ kind: 'forbidden', code: 403 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutWatches();
  }

  #find(kind: Kind, namespace: string, name: string): RawObject | undefined {
    return this.#objects.find(
      (one) =>
        one.kind === kind &&
        one.object.metadata?.name === name &&
        (kind === 'PersistentVolume' || one.object.metadata.namespace === namespace),
    )?.object;
  }

  #tell(change: Omit<Change, 'version'>): void {
    this.#changes = [...this.#changes, { ...change, version: this.#version }];
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }

  #ask(verb: Verb, kind?: Kind): { readonly ok: false; readonly failure: Failure } | undefined {
    this.asked.push({ verb, ...(kind === undefined ? {} : { kind }) });
    const failure =
      this.#failures.get(`${verb}/${kind ?? ''}`)?.shift() ??
      this.#failures.get(`${verb}/`)?.shift();
    return failure === undefined ? undefined : { ok: false, failure };
  }

  #armCut(): void {
    const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
    this.#cut = promise;
    this.#cutNow = resolve;
  }
}

function failureOf(failure: Partial<Failure>): Failure {
  return { kind: 'unclear', code: 0, reason: '', doing: 'testing', ...failure };
}

function failed(failure: Partial<Failure>): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: failureOf(failure) };
}
