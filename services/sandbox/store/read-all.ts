import { isRecord } from '#shared/lib/canonical.ts';
import type { Caller, KubeObject, ResourcePath, Store } from './types.ts';

const reader: Caller = { user: 'system:apiserver', groups: ['system:masters'] };

/** All objects of a resource, each with its kind, which lists of built-in kinds leave out. */
export function readAll(store: Pick<Store, 'handle' | 'resolve'>, resource: ResourcePath) {
  const kind = store.resolve(resource)?.definition.kind ?? '';
  const { group, version } = resource;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const request = { verb: 'list', resource, namespace: '', caller: reader, options: {} } as const;
  const { body } = store.handle(request);
  const items: readonly unknown[] =
    isRecord(body) && Array.isArray(body['items']) ? body['items'] : [];
  return items.filter(isObject).map((object): KubeObject => ({ ...object, apiVersion, kind }));
}

/** One object as the API server itself sees it; undefined where there is none. */
export function readOne(
  store: Pick<Store, 'handle'>,
  resource: ResourcePath,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): KubeObject | undefined {
  const request = { verb: 'get', resource, namespace, name, caller: reader } as const;
  const { code, body } = store.handle(request);
  return code === 200 && isObject(body) ? body : undefined;
}

function isObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}
