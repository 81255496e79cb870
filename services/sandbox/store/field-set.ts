import { equalJson } from './json.ts';
import { itemsOf, schemaBelow } from './typed-items.ts';
import type { Item, Schema } from './typed-items.ts';

/**
 * A set of field paths in the form of `fieldsV1`: `f:` names a field, `v:` an item of a set, `k:`
 * an item of a keyed list, and `.` the place itself where it has members below. A leaf is `{}`.
 */
export type FieldSet = { readonly [part: string]: FieldSet };

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

export function holdsItself(set: FieldSet): boolean {
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

/** The paths that both sets hold. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const both: Record<string, FieldSet> = {};
  for (const [part, ours] of Object.entries(left)) {
    const theirs = part === '.' ? undefined : right[part];
    if (theirs === undefined) continue;
    const isMember = holdsItself(ours) && holdsItself(theirs);
    const below = intersection(ours, theirs);
    if (isMember) both[part] = isEmptySet(below) ? leaf : { '.': leaf, ...below };
    else if (!isEmptySet(below)) both[part] = below;
  }
  return both;
}

/** The set with all declared fields above its paths, which are usually left out of it. */
export function withDeclaredFields(set: FieldSet, schema: Schema | undefined): FieldSet {
  const whole: Record<string, FieldSet> = {};
  for (const [part, inner] of Object.entries(set)) {
    if (part === '.') continue;
    const below = schemaBelow(schema, part);
    const { '.': _, ...paths } = withDeclaredFields(inner, below.schema);
    const isMember = holdsItself(inner) || below.declared;
    if (isEmptySet(paths)) whole[part] = leaf;
    else whole[part] = isMember ? { '.': leaf, ...paths } : paths;
  }
  return whole;
}

/** All paths of a set, each as its parts. */
export function pathsOf(set: FieldSet): readonly (readonly string[])[] {
  return Object.entries(set).flatMap(([part, inner]) => {
    if (part === '.') return [];
    const own = holdsItself(inner) ? [[part]] : [];
    return [...own, ...pathsOf(inner).map((path) => [part, ...path])];
  });
}

/**
 * The paths that an applied configuration names: its leaves, the keys of maps and the items of lists,
 * but not the declared fields above them.
 */
export function namedFields(value: unknown, schema: Schema | undefined): FieldSet {
  const items = itemsOf(value, schema);
  const set: Record<string, FieldSet> = {};
  for (const [part, item] of items ?? []) {
    const inner = namedFields(item.value, item.schema);
    set[part] = isEmptySet(inner) || item.declared ? inner : { '.': leaf, ...inner };
  }
  return set;
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
    if (there === undefined) {
      if (!isUnset(item)) written[part] = allFields(item.value, item.schema);
    } else if (there.value !== item.value) {
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

/** A field of a Go struct that is always there and says nothing. */
function isUnset({ value, schema }: Item): boolean {
  return schema?.['x-rollcall-struct'] === true && (value === null || value === '');
}

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
