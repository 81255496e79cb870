import { isRecord } from '#shared/lib/canonical.ts';
import { holdsItself, isEmptySet } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { put } from './json.ts';
import { itemsOf, partOfItems, recordAt, schemaBelow } from './typed-items.ts';
import type { Schema } from './typed-items.ts';

/** A live value with an applied one laid over it: maps and keyed lists are merged, the rest replaced. */
export function mergeTyped(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (itemsOf(live, schema) === undefined || itemsOf(applied, schema) === undefined) return applied;
  if (Array.isArray(live) && Array.isArray(applied)) return mergeLists(live, applied, schema);
  if (!isRecord(live) || !isRecord(applied)) return applied;
  const merged: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    const below = schemaBelow(schema, `f:${name}`).schema;
    const known = Object.hasOwn(merged, name);
    put(merged, name, known ? mergeTyped(merged[name], value, below) : value);
  }
  return merged;
}

/** The applied order counts; items that only the live list has stay before what they stood before. */
function mergeLists(
  live: readonly unknown[],
  applied: readonly unknown[],
  schema: Schema | undefined,
): readonly unknown[] {
  const part = partOfItems(schema) ?? String;
  const inner = recordAt(schema, 'items');
  const known = new Map(live.map((item) => [part(item), item]));
  const wanted = new Set(applied.map(part));
  const merged: unknown[] = [];
  let at = 0;
  const passLiveOnly = (): void => {
    for (let item = live[at]; at < live.length && !wanted.has(part(item)); item = live[at]) {
      merged.push(item);
      at += 1;
    }
  };
  for (const item of applied) {
    const key = part(item);
    if (known.has(key)) {
      passLiveOnly();
      merged.push(mergeTyped(known.get(key), item, inner));
      at += 1;
    } else {
      merged.push(item);
    }
  }
  return [...merged, ...live.slice(at).filter((item) => !wanted.has(part(item)))];
}

/** The value without the places that a set holds; what is empty for it is gone too. */
export function withoutFields(value: unknown, set: FieldSet, schema: Schema | undefined): unknown {
  if (isEmptySet(set) || itemsOf(value, schema) === undefined) return value;
  const keep = (part: string, item: unknown): readonly unknown[] => {
    const inner = set[part];
    if (inner === undefined) return [item];
    if (holdsItself(inner)) return [];
    const rest = withoutFields(item, inner, schemaBelow(schema, part).schema);
    return rest === undefined ? [] : [rest];
  };
  if (Array.isArray(value)) {
    const part = partOfItems(schema) ?? String;
    const rest = value.flatMap((item) => keep(part(item), item));
    return rest.length > 0 ? rest : undefined;
  }
  if (!isRecord(value)) return value;
  const rest = Object.entries(value).flatMap(([name, item]) =>
    keep(`f:${name}`, item).map((kept) => [name, kept] as const),
  );
  return rest.length > 0 ? Object.fromEntries(rest) : undefined;
}

/** What a schema does not know in an applied value, in the words of structured-merge-diff. */
export function undeclared(
  value: unknown,
  schema: Schema | undefined,
  path = '',
): readonly string[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return undeclaredItems(value, schema, path);
  if (!isRecord(value)) return [];
  const isClosed =
    isRecord(schema['properties']) &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    schema['additionalProperties'] === undefined;
  return Object.entries(value).flatMap(([name, item]) => {
    const below = schemaBelow(schema, `f:${name}`);
    const here = `${path}.${name}`;
    if (isClosed && !below.declared) return [`${here}: field not declared in schema`];
    return undeclared(item, below.schema, here);
  });
}

function undeclaredItems(
  list: readonly unknown[],
  schema: Schema,
  path: string,
): readonly string[] {
  const part = partOfItems(schema);
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const key = part?.(item);
    const here = key === undefined ? `${path}[${index}]` : `${path}${shownPart(key)}`;
    const isTwice = key !== undefined && seen.has(key);
    if (key !== undefined) seen.add(key);
    const twice = isTwice ? [`${path}: duplicate entries for key ${shownPart(key)}`] : [];
    return [...twice, ...undeclared(item, recordAt(schema, 'items'), here)];
  });
}

/** One part of a path as messages show it: `.name`, `[name="x"]`, `[="x"]`. */
export function shownPart(part: string): string {
  const text = part.slice(2);
  if (part.startsWith('f:')) return `.${text}`;
  const value: unknown = JSON.parse(text);
  if (part.startsWith('v:') || !isRecord(value)) return `[=${text}]`;
  const pairs = Object.entries(value).map(([name, key]) => `${name}=${JSON.stringify(key)}`);
  return `[${pairs.join(',')}]`;
}
