import type {
  Answer,
  Cluster,
  ObjectRef,
  Page,
  RawObject,
  WatchItem,
} from '#shared/cluster/cluster.ts';
import { addressOf } from '#shared/cluster/addresses.ts';
import { failureOf } from '#shared/cluster/failure.ts';
import { uid } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { KindAddress } from '#shared/contract/kinds.ts';
import { fieldManager } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Store, StoreAnswer, StoreRequest } from '../../services/sandbox/store/types.ts';

const caller = { user: 'rollcall', groups: ['system:masters'] };

/** The Kubernetes API straight over the sandbox's store: no HTTP, and every answer at once. */
export function storeCluster(store: Store): Cluster {
  const ask = (request: StoreRequest, doing: string): Answer<RawObject> =>
    answerOf(store.handle(request), doing);
  return {
    async identity() {
      const read = await this.read({ kind: 'Namespace', namespace: '', name: 'kube-system' });
      return read.ok ? { ok: true, value: uid(String(read.value.metadata?.uid)) } : read;
    },
    async discover() {
      const served = kinds.flatMap((kind) => {
        const address = addressed(kind);
        const version = servedVersion(store, address);
        return version === undefined ? [] : [[kind, version] as const];
      });
      return { ok: true, value: new Map(served) };
    },
    async list(kind, page) {
      const options = { limit: page.limit, ...(page.continue && { continue: page.continue }) };
      const where = { resource: pathOf(store, kind), namespace: '', caller };
      const listed = ask({ verb: 'list', ...where, options }, `listing ${kind}`);
      return listed.ok ? { ok: true, value: pageOf(listed.value) } : listed;
    },
    watch: (kind, from, signal) => watchStore(store, { kind, ...from }, signal),
    async read(object) {
      const { subresource } = object;
      return ask(
        { verb: 'get', ...place(store, object), ...(subresource && { subresource }) },
        `reading ${object.kind}`,
      );
    },
    async create(object) {
      const kind = String(object.kind);
      const namespace = String(object.metadata?.namespace ?? '');
      const where = { resource: pathOf(store, kind), namespace, caller };
      return ask({ verb: 'create', ...where, fieldManager, body: object }, `creating ${kind}`);
    },
    async patch(object, patch) {
      const { subresource } = object;
      return ask(
        {
          verb: 'patch',
          ...place(store, object),
          ...(subresource && { subresource }),
          fieldManager,
          patch: patch.type,
          body: patch.body,
        },
        `patching ${object.kind}`,
      );
    },
    async remove(object, preconditions) {
      const options = { preconditions, propagationPolicy: 'Background' } as const;
      return ask(
        { verb: 'delete', ...place(store, object), fieldManager, options },
        `deleting ${object.kind}`,
      );
    },
    async [Symbol.asyncDispose]() {},
  };
}

function answerOf(answer: StoreAnswer, doing: string): Answer<RawObject> {
  if (answer.code < 300 && isRecord(answer.body)) return { ok: true, value: answer.body };
  return { ok: false, failure: failureOf({ status: answer.code, body: answer.body, doing }) };
}

function pageOf(list: RawObject): Page {
  const { metadata, items } = list;
  const next = metadata?.['continue'];
  return {
    items: Array.isArray(items) ? items.filter(isRecord) : [],
    resourceVersion: String(metadata?.resourceVersion),
    ...(typeof next === 'string' && next !== '' && { continue: next }),
  };
}

async function* watchStore(
  store: Store,
  from: { readonly kind: string; readonly resourceVersion: string },
  signal: AbortSignal,
): AsyncGenerator<WatchItem> {
  let seen = Number(from.resourceVersion);
  while (!signal.aborted) {
    const changes = store.changesSince(seen);
    if (changes === 'gone') {
      const gone = { status: 410, body: {}, doing: `watching ${from.kind}` };
      yield { type: 'FAILED', failure: failureOf(gone) };
      return;
    }
    for (const change of changes) {
      seen = change.resourceVersion;
      if (change.definition.kind !== from.kind) continue;
      yield { type: change.type, object: change.object };
    }
    if (store.resourceVersion === seen) await nextChange(store, signal);
  }
}

function nextChange(store: Store, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = store.subscribe(() => resolve());
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(unsubscribe);
}

function place(store: Store, object: ObjectRef) {
  const { namespace, name } = object;
  return { resource: pathOf(store, object.kind), namespace, name, caller };
}

function pathOf(store: Store, kind: string) {
  const address = addressed(kind);
  const version = address.versions.find((name) => isServed(store, address, name));
  return { group: address.group, version: version ?? '', plural: address.plural };
}

function servedVersion(store: Store, address: KindAddress): string | undefined {
  const version = address.versions.find((name) => isServed(store, address, name));
  if (version === undefined) return undefined;
  return address.group === '' ? version : `${address.group}/${version}`;
}

function isServed(store: Store, address: KindAddress, version: string): boolean {
  return store.resolve({ group: address.group, version, plural: address.plural }) !== undefined;
}

function addressed(kind: string): KindAddress {
  const address = addressOf(kind);
  if (address === undefined) throw new Error(`no address for kind ${kind}`);
  return address;
}
