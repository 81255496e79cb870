import { isRecord } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import { compareFields, difference, holdsPath, isEmptySet, setOfPath, union } from './field-set.ts';
import type { Compared, FieldSet } from './field-set.ts';
import { apiVersionOf, inApiVersion } from './registry.ts';
import type { Schema } from './typed-items.ts';
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

export type Entries = ManagedFields[];

type Served = {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
};

const texts = { additionalProperties: { type: 'string' } };
const metadataSchema = {
  properties: {
    labels: texts,
    annotations: texts,
    finalizers: { 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: { 'x-kubernetes-map-type': 'atomic' },
    },
  },
};

const schemas = new WeakMap<ResourceVersionDefinition, Schema>();

/** The schema by which ownership is told, of a version of a kind: its own, and that of the metadata. */
export function ownershipSchema(definition: ResourceDefinition, apiVersion: string): Schema {
  const { group, versions } = definition;
  const version =
    versions.find(({ name }) => apiVersionOf(group, name) === apiVersion) ?? versions[0];
  if (version === undefined) return {};
  const known = schemas.get(version);
  if (known !== undefined) return known;
  const base = version.schema ?? {};
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
  { definition }: Served,
  before: KubeObject | undefined,
  { after, writer, given }: Written,
): Entries | undefined {
  const entries = before === undefined ? [] : (given ?? before.metadata.managedFields);
  if (entries === undefined) return undefined;
  const compare = comparisons(definition, before, after);
  const others = entries
    .filter((entry) => !isOf(entry, writer))
    .map((entry) => rest(entry, compare));
  const { written, removed } = compare(writer.apiVersion);
  const own = entries.find((entry) => isOf(entry, writer));
  const fields = union(difference(own === undefined ? {} : fieldsOf(own), removed), written);
  // Only a field that is given a value makes the entry newer, as in structured-merge-diff.
  const time = isEmptySet(written) ? own?.time : writer.time;
  return sorted([
    ...others,
    entryOf({ ...writer, ...(time === undefined ? {} : { time }) }, fields),
  ]);
}

type Written = {
  readonly after: KubeObject;
  readonly writer: Writer;
  /** The entries that the writer sent, which then count instead of those that stand. */
  readonly given?: Entries | undefined;
};

/** What a write did, told in the fields of any version of the kind. */
export function comparisons(
  definition: ResourceDefinition,
  before: KubeObject | undefined,
  after: KubeObject,
): (apiVersion: string) => Compared {
  const made = new Map<string, Compared>();
  return (apiVersion) => {
    const known = made.get(apiVersion);
    if (known !== undefined) return known;
    const old = before === undefined ? { metadata: {} } : tracked(inApiVersion(before, apiVersion));
    const next = tracked(inApiVersion(after, apiVersion));
    const compared = compareFields(old, next, ownershipSchema(definition, apiVersion));
    made.set(apiVersion, compared);
    return compared;
  };
}

/** An entry of somebody else, without what a write took or removed. */
export function rest(
  entry: ManagedFields,
  compare: (apiVersion: string) => Compared,
): ManagedFields {
  const { written, removed } = compare(entry.apiVersion);
  return withFields(entry, difference(difference(fieldsOf(entry), written), removed));
}

/** What ownership is kept of: everything but what the server itself writes into the metadata. */
export function tracked({ metadata, ...rest }: KubeObject): Readonly<Record<string, unknown>> {
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

/** The entries that a client sent; undefined where it sent none, or none that can be read. */
export function readEntries(managedFields: unknown): Entries | undefined {
  if (!Array.isArray(managedFields) || managedFields.length === 0) return undefined;
  return managedFields.every(isEntry) ? managedFields : undefined;
}

function isEntry(value: unknown): value is ManagedFields {
  if (!isRecord(value)) return false;
  const { manager, operation, apiVersion, fieldsV1 } = value;
  return (
    typeof manager === 'string' &&
    (operation === 'Update' || operation === 'Apply') &&
    typeof apiVersion === 'string' &&
    isRecord(fieldsV1)
  );
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

export function fieldsOf(entry: ManagedFields): FieldSet {
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

export function withFields(entry: ManagedFields, fieldsV1: FieldSet): ManagedFields {
  return fieldsV1 === entry.fieldsV1 ? entry : { ...entry, fieldsV1 };
}

/** Kubernetes' order: appliers, then by age and manager; entries without fields are left out. */
export function sorted(entries: Entries): Entries {
  return entries
    .filter((entry) => !isEmptySet(fieldsOf(entry)))
    .toSorted(
      (left, right) =>
        compareText(left.operation, right.operation) ||
        compareText(left.time ?? '', right.time ?? '') ||
        compareText(left.manager, right.manager) ||
        compareText(left.apiVersion, right.apiVersion) ||
        compareText(left.subresource ?? '', right.subresource ?? ''),
    );
}
