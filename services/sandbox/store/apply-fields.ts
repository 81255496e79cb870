import { isRecord } from '#shared/lib/canonical.ts';
import { difference, intersection, isEmptySet, namedFields, pathsOf } from './field-set.ts';
import { union, withDeclaredFields } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { equalJson } from './json.ts';
import type { JsonObject } from './json.ts';
import { comparisons, fieldsOf, ownershipSchema, rest } from './managed-fields.ts';
import { sorted, tracked, withFields } from './managed-fields.ts';
import type { Entries, Writer } from './managed-fields.ts';
import { inApiVersion } from './registry.ts';
import { mergeTyped, withoutFields } from './typed-value.ts';
import type { KubeObject, ManagedFields, ResourceDefinition } from './types.ts';

/** A configuration that a manager applies to an object. */
export type Application = {
  readonly definition: ResourceDefinition;
  /** As it stands; of a new object nothing but its metadata. */
  readonly live: KubeObject;
  /** The entries of the object before. */
  readonly entries: Entries;
  /** The fields that the writer names and may set, in its version: see `ownPart`. */
  readonly config: JsonObject;
  readonly writer: Writer;
};

/**
 * The part of a configuration that counts: of the metadata what users own, and through `/status` only
 * the status, which no other door sets where that one exists.
 */
export function ownPart(
  config: JsonObject,
  { subresource, hasStatus }: { readonly subresource?: string; readonly hasStatus: boolean },
): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, status, ...content } = config;
  if (subresource === 'status') return status === undefined ? {} : { status };
  const given = isRecord(metadata) ? metadata : {};
  const own = ['labels', 'annotations', 'finalizers', 'ownerReferences'].filter(
    (name) => given[name] !== undefined && given[name] !== null,
  );
  return {
    ...content,
    ...(!hasStatus && status !== undefined && { status }),
    ...(own.length > 0 && { metadata: Object.fromEntries(own.map((name) => [name, given[name]])) }),
  };
}

/**
 * The live object with the configuration laid over it, without what this manager applied before, no
 * longer applies, and nobody else owns. In the version of the writer.
 */
export function appliedObject(application: Application): JsonObject {
  const { definition, live, entries, config, writer } = application;
  const before = inApiVersion(live, writer.apiVersion);
  const schema = ownershipSchema(definition, writer.apiVersion);
  const merged = mergeTyped(before, config, schema);
  const last = entries.find((entry) => isApplier(entry, writer));
  const done = last === undefined ? merged : pruned(application, merged, fieldsOf(last));
  return isRecord(done) ? done : {};
}

/** What was applied last and is not owned by anyone now goes, with what stands below it. */
function pruned(
  { definition, entries, config, writer }: Application,
  merged: unknown,
  last: FieldSet,
): unknown {
  const schema = ownershipSchema(definition, writer.apiVersion);
  const declared = (set: FieldSet): FieldSet => withDeclaredFields(set, schema);
  const fieldsIn = (value: unknown): FieldSet => declared(namedFields(contentOf(value), schema));
  const all = fieldsIn(merged);
  const kept = fieldsIn(withoutFields(merged, declared(last), schema));
  const owned = entries
    .filter((entry) => !isApplier(entry, writer))
    .reduce((set, entry) => union(set, fieldsOf(entry)), namedFields(config, schema));
  const withOwned = fieldsIn(
    withoutFields(merged, difference(all, union(kept, declared(owned))), schema),
  );
  const dangling = intersection(difference(all, withOwned), declared(last));
  return withoutFields(merged, dangling, schema);
}

/** Only what ownership is kept of: the server's own metadata is nobody's. */
function contentOf(value: unknown): unknown {
  if (!isRecord(value)) return {};
  const { metadata } = value;
  const { labels, annotations, finalizers, ownerReferences } = isRecord(metadata) ? metadata : {};
  const own = Object.entries({ labels, annotations, finalizers, ownerReferences });
  const given = Object.fromEntries(own.filter(([, field]) => field !== undefined));
  const { apiVersion: _version, kind: _kind, ...content } = value;
  return { ...content, metadata: given };
}

/** A field that is applied with another value than its owner gave it. */
export type ApplyConflict = { readonly entry: ManagedFields; readonly path: readonly string[] };

export type AppliedEntries =
  | { readonly kind: 'entries'; readonly entries: Entries }
  | { readonly kind: 'conflicts'; readonly conflicts: readonly ApplyConflict[] };

export type Taking = {
  readonly force: boolean;
  /** Fields that may be taken from others all the same. */
  readonly allowed: FieldSet;
};

/** The entries after an apply that turned the live object into another, or who stands against it. */
export function entriesAfterApply(
  { definition, live, entries, config, writer }: Application,
  next: KubeObject,
  { force, allowed }: Taking,
): AppliedEntries {
  const compare = comparisons(definition, live, next);
  const others = entries.filter((entry) => !isApplier(entry, writer));
  const conflicts = others.flatMap((entry) =>
    pathsOf(
      difference(intersection(fieldsOf(entry), compare(entry.apiVersion).written), allowed),
    ).map((path) => ({ entry, path })),
  );
  if (conflicts.length > 0 && !force) return { kind: 'conflicts', conflicts };
  const isSame = equalJson(tracked(inApiVersion(live, next.apiVersion)), tracked(next));
  const time = isSame ? entries.find((entry) => isApplier(entry, writer))?.time : writer.time;
  const fields = namedFields(config, ownershipSchema(definition, writer.apiVersion));
  const own = isEmptySet(fields) ? [] : [entryOf({ ...writer, fields, time })];
  return {
    kind: 'entries',
    entries: sorted([...others.map((entry) => rest(entry, compare)), ...own]),
  };
}

function entryOf({
  manager,
  apiVersion,
  subresource,
  fields,
  time,
}: Omit<Writer, 'time'> & { readonly fields: FieldSet; readonly time: string | undefined }) {
  const entry: ManagedFields = {
    manager,
    operation: 'Apply',
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource !== undefined && { subresource }),
  };
  return withFields(entry, fields);
}

/** An applier has one entry, whatever version it applies in. */
function isApplier(entry: ManagedFields, { manager, subresource }: Writer): boolean {
  return (
    entry.operation === 'Apply' && entry.manager === manager && entry.subresource === subresource
  );
}
