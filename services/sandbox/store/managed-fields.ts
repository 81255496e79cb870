import { isRecord } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import { compareFields, difference, holdsPath, isEmptySet, setOfPath, union } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import type {
  KubeObject,
  ManagedFields,
  ResourceDefinition,
  ResourceVersionDefinition,
} from './types.ts';

/** Who writes, and through what. */
export type Writer = {
  readonly manager: string;
  /** The version of the request, `pool.kubevirt.io/v1alpha1`. */
  readonly apiVersion: string;
  readonly subresource?: string;
  /** RFC 3339, seconds. */
  readonly time: string;
};

type Entries = ManagedFields[];

type Served = {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
};

const metadataSchema = {
  properties: {
    finalizers: { 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: { 'x-kubernetes-map-type': 'atomic' },
    },
  },
};

/**
 * Go's structs of the built-in kinds are always there, so nobody owns them, only what they hold.
 */
const struct = { 'x-rollcall-struct': true };
const atomic = { 'x-kubernetes-map-type': 'atomic' };
const builtinSchema = {
  properties: {
    spec: { ...struct, properties: { resources: struct, claimRef: atomic, selector: atomic } },
    status: struct,
    source: struct,
    involvedObject: atomic,
  },
};

const schemas = new WeakMap<ResourceVersionDefinition, Readonly<Record<string, unknown>>>();

function schemaOf({ definition, version }: Served): Readonly<Record<string, unknown>> {
  const known = schemas.get(version);
  if (known !== undefined) return known;
  const base = definition.custom ? (version.schema ?? {}) : builtinSchema;
  const properties = isRecord(base['properties']) ? base['properties'] : {};
  const schema = { ...base, properties: { ...properties, metadata: metadataSchema } };
  schemas.set(version, schema);
  return schema;
}

/**
 * The entries after a write. Fields that the writer gave another value move to it, removed ones
 * vanish, and an entry that loses all its fields vanishes with them. An object whose entries were
 * reset is not tracked again, as in Kubernetes.
 */
export function entriesAfterWrite(
  served: Served,
  before: KubeObject | undefined,
  { after, writer }: { readonly after: KubeObject; readonly writer: Writer },
): Entries | undefined {
  const entries = before === undefined ? [] : before.metadata.managedFields;
  if (entries === undefined) return undefined;
  const old = before === undefined ? { metadata: {} } : tracked(before);
  const compared = compareFields(old, tracked(after), schemaOf(served));
  const { written, removed } = compared;
  const others = entries
    .filter((entry) => !isOf(entry, writer))
    .map((entry) => withFields(entry, difference(difference(fieldsOf(entry), written), removed)));
  const own = entries.find((entry) => isOf(entry, writer));
  const fields = union(difference(own === undefined ? {} : fieldsOf(own), removed), written);
  const time = isEmptySet(written) ? own?.time : writer.time;
  return sorted([
    ...others,
    entryOf({ ...writer, ...(time === undefined ? {} : { time }) }, fields),
  ]);
}

/** What ownership is kept of: everything but what the server itself writes into the metadata. */
function tracked({ metadata, ...rest }: KubeObject): Readonly<Record<string, unknown>> {
  const { apiVersion: _apiVersion, kind: _kind, ...content } = rest;
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const generateName = metadata['generateName'];
  return {
    ...content,
    metadata: {
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(generateName === undefined ? {} : { generateName }),
    },
  };
}

/**
 * The entries after a write through `/scale`. As in Kubernetes such a write is tracked only where
 * someone owns the field already, the new entry has no time, and a size of 0, which the Scale
 * leaves out, takes the field from everyone.
 */
export function entriesAfterScale(
  entries: Entries | undefined,
  path: readonly string[],
  { replicas, writer }: { readonly replicas: number; readonly writer: Writer },
): Entries | undefined {
  const parts = path.map((name) => `f:${name}`);
  if (!entries?.some((entry) => holdsPath(fieldsOf(entry), parts))) return entries;
  const field = setOfPath(parts);
  const others = entries
    .filter((entry) => !isOf(entry, writer))
    .map((entry) => withFields(entry, difference(fieldsOf(entry), field)));
  const { time: _, ...timeless } = entryOf(writer, replicas === 0 ? {} : field);
  return sorted([...others, timeless]);
}

/** `[{}]` in an update asks for all entries to be dropped. */
export function isReset(managedFields: unknown): boolean {
  if (!Array.isArray(managedFields) || managedFields.length === 0) return false;
  return managedFields.every((entry) => isRecord(entry) && Object.keys(entry).length === 0);
}

function entryOf(writer: Partial<Writer> & Omit<Writer, 'time'>, fields: FieldSet): ManagedFields {
  const { manager, apiVersion, subresource, time } = writer;
  return {
    manager,
    operation: 'Update',
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function isOf(entry: ManagedFields, writer: Writer): boolean {
  return (
    entry.operation === 'Update' &&
    entry.manager === writer.manager &&
    entry.apiVersion === writer.apiVersion &&
    entry.subresource === writer.subresource
  );
}

function fieldsOf(entry: ManagedFields): FieldSet {
  return fieldSetOf(entry.fieldsV1);
}

const parsed = new WeakMap<object, FieldSet>();

/** Entries come from our own objects and from a journal; there each place is an object. */
function fieldSetOf(value: Readonly<Record<string, unknown>>): FieldSet {
  const known = parsed.get(value);
  if (known !== undefined) return known;
  const fields = Object.entries(value).map(([part, inner]): [string, FieldSet] => [
    part,
    isRecord(inner) ? fieldSetOf(inner) : {},
  ]);
  const set: FieldSet = Object.fromEntries(fields);
  parsed.set(value, set);
  return set;
}

function withFields(entry: ManagedFields, fieldsV1: FieldSet): ManagedFields {
  return fieldsV1 === entry.fieldsV1 ? entry : { ...entry, fieldsV1 };
}

/** Kubernetes' order: oldest first, then by manager; entries without fields are left out. */
function sorted(entries: Entries): Entries {
  return entries
    .filter((entry) => !isEmptySet(fieldsOf(entry)))
    .toSorted(
      (left, right) =>
        compareText(left.time ?? '', right.time ?? '') ||
        compareText(left.manager, right.manager) ||
        compareText(left.apiVersion, right.apiVersion) ||
        compareText(left.subresource ?? '', right.subresource ?? ''),
    );
}
