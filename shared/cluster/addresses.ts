import { kinds, kindAddresses } from '#shared/contract/kinds.ts';
import type { Kind, KindAddress } from '#shared/contract/kinds.ts';
import type { ObjectRef } from './cluster.ts';

/** Kinds that are written or read but not watched. */
const otherAddresses: Readonly<Record<string, KindAddress>> = {
  Event: { group: '', versions: ['v1'], plural: 'events', namespaced: true },
  Namespace: { group: '', versions: ['v1'], plural: 'namespaces', namespaced: false },
};

/** Undefined for a kind that Rollcall has no business with. */
export function addressOf(kind: string): KindAddress | undefined {
  return isWatchedKind(kind) ? kindAddresses[kind] : otherAddresses[kind];
}

export function isWatchedKind(kind: string): kind is Kind {
  return kinds.some((known) => known === kind);
}

/** `/api/v1` for the core group, `/apis/<group>/<version>` for others. */
export function versionPath(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Path of one object; with an empty name, of the collection in its namespace. */
export function objectPath(address: KindAddress, version: string, object: ObjectRef): string {
  const space = address.namespaced ? `/namespaces/${encodeURIComponent(object.namespace)}` : '';
  const name = object.name === '' ? '' : `/${encodeURIComponent(object.name)}`;
  const subresource = object.subresource === undefined ? '' : `/${object.subresource}`;
  return `${versionPath(address.group, version)}${space}/${address.plural}${name}${subresource}`;
}

/** Path of a kind over all namespaces. */
export function collectionPath(address: KindAddress, version: string): string {
  return `${versionPath(address.group, version)}/${address.plural}`;
}
