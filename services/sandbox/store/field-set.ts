import { isRecord } from '#shared/lib/canonical.ts';
import { equalJson } from './json.ts';

/**
 * A set of field paths in the form of `fieldsV1`: `f:` names a field, `v:` an item of a set, `k:`
 * an item of a keyed list, and `.` the place itself where it has members below. A leaf is `{}`.
 */
export type FieldSet = { readonly [part: string]: FieldSet };

type Schema = Readonly<Record<string, unknown>>;

export type Compared = {
  /** Added or given another value. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
};

const leaf: FieldSet = {};
const nothing: Compared = { written: leaf, removed: leaf };

/** An empty set at the root; below the root `{}` means the place itself. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  const joined: Record<string, FieldSet> = { ...left };
  for (const part of Object.keys(right)) {
    const [ours, theirs] = [left[part], right[part]];
    if (theirs !== undefined) joined[part] = ours === undefined ? theirs : joinPlaces(ours, theirs);
  }
  return joined;
}

function joinPlaces(left: FieldSet, right: FieldSet): FieldSet {
  const joined = union(left, right);
  const isMember = holdsItself(left) || holdsItself(right);
  return isMember && !isEmptySet(joined) ? { '.': leaf, ...joined } : joined;
}

function holdsItself(set: FieldSet): boolean {
  return isEmptySet(set) || set['.'] !== undefined;
}

/** The paths of left that right does not hold. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right)) return left;
  const rest: Record<string, FieldSet> = {};
  for (const [part, ours] of Object.entries(left)) {
    const theirs = right[part];
    const kept = theirs === undefined ? ours : placeWithout(ours, theirs);
    if (kept !== undefined) rest[part] = kept;
  }
  return rest;
}

function placeWithout(ours: FieldSet, theirs: FieldSet): FieldSet | undefined {
  const isMember = holdsItself(ours) && !holdsItself(theirs);
  const { '.': _, ...below } = difference(ours, theirs);
  if (isEmptySet(below)) return isMember ? leaf : undefined;
  return isMember ? { '.': leaf, ...below } : below;
}

/** Whether the set holds the path itself. */
export function holdsPath(set: FieldSet, path: readonly string[]): boolean {
  let place = set;
  for (const part of path) {
    const next = place[part];
    if (next === undefined) return false;
    place = next;
  }
  return holdsItself(place);
}

/** The set of one path. */
export function setOfPath([part, ...rest]: readonly string[]): FieldSet {
  return part === undefined ? leaf : { [part]: setOfPath(rest) };
}

/** What a write did below a place. A schema decides which lists and maps count as one value. */
export function compareFields(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
): Compared {
  const [old, next] = [itemsOf(before, schema), itemsOf(after, schema)];
  if (old === undefined || next === undefined) return nothing;
  const written: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const [part, item] of next) {
    const there = old.get(part);
    if (there === undefined) written[part] = allFields(item.value, item.schema);
    else if (there.value !== item.value) {
      const inner = comparePlaces(there, item);
      if (inner.written !== undefined) written[part] = inner.written;
      if (inner.removed !== undefined) removed[part] = inner.removed;
    }
  }
  for (const [part, item] of old) {
    if (!next.has(part)) removed[part] = allFields(item.value, item.schema);
  }
  return { written, removed };
}

type Item = { readonly value: unknown; readonly schema: Schema | undefined };
type PlaceChange = {
  readonly written?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
};

function comparePlaces(before: Item, after: Item): PlaceChange {
  const { schema } = after;
  const isInner = itemsOf(before.value, schema) && itemsOf(after.value, schema);
  if (!isInner) return equalJson(before.value, after.value) ? {} : { written: leaf };
  const { written, removed } = compareFields(before.value, after.value, schema);
  return {
    ...(isEmptySet(written) ? {} : { written }),
    ...(isEmptySet(removed) ? {} : { removed }),
  };
}

/** The place and all paths below it. */
function allFields(value: unknown, schema: Schema | undefined): FieldSet {
  const items = itemsOf(value, schema);
  if (items === undefined || items.size === 0) return leaf;
  const set: Record<string, FieldSet> = schema?.['x-rollcall-struct'] === true ? {} : { '.': leaf };
  for (const [part, item] of items) set[part] = allFields(item.value, item.schema);
  return set;
}

/** What stands below a place, by its part in `fieldsV1`; undefined where the place is one value. */
function itemsOf(
  value: unknown,
  schema: Schema | undefined,
): ReadonlyMap<string, Item> | undefined {
  if (Array.isArray(value)) return listItems(value, schema);
  if (!isRecord(value) || schema?.['x-kubernetes-map-type'] === 'atomic') return undefined;
  const properties = recordAt(schema, 'properties');
  const others = recordAt(schema, 'additionalProperties');
  const items = new Map<string, Item>();
  for (const name of Object.keys(value)) {
    items.set(`f:${name}`, { value: value[name], schema: recordAt(properties, name) ?? others });
  }
  return items;
}

function listItems(
  list: readonly unknown[],
  schema: Schema | undefined,
): ReadonlyMap<string, Item> | undefined {
  const type = schema?.['x-kubernetes-list-type'];
  const inner = recordAt(schema, 'items');
  if (type === 'set') {
    return new Map(
      list.map((item) => [`v:${JSON.stringify(item)}`, { value: item, schema: inner }]),
    );
  }
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (type !== 'map' || !Array.isArray(keys)) return undefined;
  return new Map(list.map((item) => [keyOf(item, keys), { value: item, schema: inner }]));
}

function keyOf(item: unknown, keys: readonly unknown[]): string {
  const names = keys.map(String).toSorted();
  const key = Object.fromEntries(names.map((name) => [name, isRecord(item) ? item[name] : null]));
  return `k:${JSON.stringify(key)}`;
}

function recordAt(schema: Schema | undefined, field: string): Schema | undefined {
  if (schema === undefined || !Object.hasOwn(schema, field)) return undefined;
  const value = schema[field];
  return isRecord(value) ? value : undefined;
}
