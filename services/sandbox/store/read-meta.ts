import { isRecord } from '#shared/lib/canonical.ts';
import type { KubeOwner } from './types.ts';

/**
 * The metadata of a request, decoded; empty maps and lists read as absent, as Go leaves them out.
 */
export type GivenMeta = {
  readonly name: string;
  readonly namespace: string;
  readonly generateName: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: string[];
  readonly ownerReferences?: KubeOwner[];
  readonly managedFields?: unknown;
};

export type MetaRead =
  | { readonly kind: 'read'; readonly meta: GivenMeta; readonly unknown: readonly string[] }
  /** `why` is Go's complaint, as it stands in the answer of the server. */
  | { readonly kind: 'unreadable'; readonly why: string };

const known = new Set([
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'generation',
  'deletionGracePeriodSeconds',
  'selfLink',
]);

class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Reads `metadata` of a request's object. */
export function readMeta(value: unknown): MetaRead {
  if (value !== undefined && value !== null && !isRecord(value)) {
    return { kind: 'unreadable', why: mismatch(value, 'value', 'v1.ObjectMeta') };
  }
  const source = value ?? {};
  try {
    return { kind: 'read', meta: metaOf(source), unknown: unknownFields(source) };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

type Source = Readonly<Record<string, unknown>>;

function unknownFields(source: Source): readonly string[] {
  return Object.keys(source)
    .filter((field) => !known.has(field))
    .map((field) => `metadata.${field}`);
}

function metaOf(source: Source): GivenMeta {
  const { managedFields } = source;
  return {
    name: text(source, 'name') ?? '',
    namespace: text(source, 'namespace') ?? '',
    generateName: text(source, 'generateName') ?? '',
    uid: text(source, 'uid') ?? '',
    resourceVersion: text(source, 'resourceVersion') ?? '',
    ...given('creationTimestamp', text(source, 'creationTimestamp')),
    ...given('deletionTimestamp', text(source, 'deletionTimestamp')),
    ...given('labels', textMap(source, 'labels')),
    ...given('annotations', textMap(source, 'annotations')),
    ...given('finalizers', texts(source, 'finalizers')),
    ...given('ownerReferences', owners(source)),
    ...given('managedFields', managedFields),
  };
}

function given<Field extends string, Value>(
  field: Field,
  value: Value | undefined,
): { readonly [key in Field]?: Value } {
  const fields: { [key in Field]?: Value } = {};
  if (value !== undefined) fields[field] = value;
  return fields;
}

function text(source: Source, field: string): string | undefined {
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(value, field, 'string');
  return value;
}

function textMap(source: Source, field: string): Readonly<Record<string, string>> | undefined {
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw wrongType(value, field, 'map[string]string');
  const entries = Object.entries(value).map(([key, item]): [string, string] => {
    if (item === null) return [key, ''];
    if (typeof item !== 'string') throw wrongType(item, field, 'string');
    return [key, item];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function texts(source: Source, field: string): string[] | undefined {
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(value, field, '[]string');
  const items = value.map((item: unknown) => {
    if (typeof item !== 'string') throw wrongType(item, field, 'string');
    return item;
  });
  return items.length === 0 ? undefined : items;
}

function owners(source: Source): KubeOwner[] | undefined {
  const field = 'ownerReferences';
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(value, field, '[]v1.OwnerReference');
  const items = value.map((item: unknown) => {
    if (!isRecord(item)) throw wrongType(item, field, 'v1.OwnerReference');
    return ownerOf(item);
  });
  return items.length === 0 ? undefined : items;
}

function ownerOf(source: Source): KubeOwner {
  return {
    apiVersion: text(source, 'apiVersion') ?? '',
    kind: text(source, 'kind') ?? '',
    name: text(source, 'name') ?? '',
    uid: text(source, 'uid') ?? '',
    ...given('controller', flag(source, 'controller')),
    ...given('blockOwnerDeletion', flag(source, 'blockOwnerDeletion')),
  };
}

function flag(source: Source, field: string): boolean | undefined {
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(value, field, 'bool');
  return value;
}

function wrongType(value: unknown, field: string, type: string): Unreadable {
  return new Unreadable(mismatch(value, `struct field ObjectMeta.${field}`, type));
}

function mismatch(value: unknown, place: string, type: string): string {
  return `json: cannot unmarshal ${jsonType(value)} into Go ${place} of type ${type}`;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
