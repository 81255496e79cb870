import { isRecord } from '#shared/lib/canonical.ts';
import { equalJson, put } from './json.ts';
import type { JsonObject } from './json.ts';
import { recordAt, schemaBelow } from './typed-items.ts';
import type { Schema } from './typed-items.ts';

export type StrategicPatched =
  | { readonly kind: 'patched'; readonly value: unknown }
  | { readonly kind: 'rejected'; readonly why: string };

/**
 * Kubernetes' strategic merge patch: as a JSON merge patch, but lists whose schema says so are merged
 * item by item, and directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`)
 * say what a value cannot.
 */
export function applyStrategicPatch(
  target: unknown,
  patch: unknown,
  schema: Schema | undefined,
): StrategicPatched {
  try {
    return { kind: 'patched', value: merged(target, patch, schema) };
  } catch (error) {
    if (error instanceof BadDirective) return { kind: 'rejected', why: error.message };
    throw error;
  }
}

class BadDirective extends Error {
  override readonly name = 'BadDirective';
}

const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

function merged(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isRecord(patch)) return patch;
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === 'replace') return withoutDirectives(fields);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw new BadDirective(`unknown patch type found: ${JSON.stringify(directive)}`);
  }
  const result: Record<string, unknown> = retainedOf(isRecord(target) ? target : {}, retained);
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(deletePrefix) || name.startsWith(orderPrefix)) continue;
    const below = schemaBelow(schema, `f:${name}`).schema;
    if (value === null) delete result[name];
    else put(result, name, fieldAfter(result[name], value, { patch: fields, name, schema: below }));
  }
  for (const [name, value] of directivesOf(fields, deletePrefix)) {
    const list = result[name];
    if (Array.isArray(list))
      put(
        result,
        name,
        list.filter((item) => !holds(value, item)),
      );
  }
  for (const [name, order] of directivesOf(fields, orderPrefix)) {
    const list = result[name];
    const key = mergeKeyOf(schemaBelow(schema, `f:${name}`).schema);
    if (Array.isArray(list)) put(result, name, ordered(list, order, key));
  }
  return result;
}

type Field = {
  readonly patch: JsonObject;
  readonly name: string;
  readonly schema: Schema | undefined;
};

function fieldAfter(before: unknown, value: unknown, { schema }: Field): unknown {
  if (!Array.isArray(value)) return merged(before, value, schema);
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge') return value;
  const list: readonly unknown[] = Array.isArray(before) ? before : [];
  const key = mergeKeyOf(schema);
  return key === undefined
    ? [...list, ...value.filter((item) => !holds(list, item))]
    : mergedList(list, value, { key, schema: recordAt(schema, 'items') });
}

type Keyed = { readonly key: string; readonly schema: Schema | undefined };

function mergedList(
  list: readonly unknown[],
  patch: readonly unknown[],
  { key, schema }: Keyed,
): readonly unknown[] {
  const items = patch.filter(isRecord);
  if (items.some((item) => item['$patch'] === 'replace')) {
    return items.filter((item) => item['$patch'] !== 'replace').map(withoutDirectives);
  }
  const result = [...list];
  for (const item of items) {
    const value = item[key];
    if (value === undefined)
      throw new BadDirective(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      );
    const at = result.findIndex((other) => isRecord(other) && equalJson(other[key], value));
    if (item['$patch'] === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = merged(result[at], item, schema);
    else result.push(merged({}, item, schema));
  }
  return result;
}

function retainedOf(target: JsonObject, retained: unknown): Record<string, unknown> {
  if (!Array.isArray(retained)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([name]) => retained.includes(name)));
}

function directivesOf(
  fields: JsonObject,
  prefix: string,
): readonly (readonly [string, readonly unknown[]])[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    name.startsWith(prefix) && Array.isArray(value)
      ? [[name.slice(prefix.length), value] as const]
      : [],
  );
}

/** The items in the wanted order; others keep their place after the one that they followed. */
function ordered(
  list: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): readonly unknown[] {
  const keyOf = (item: unknown): unknown =>
    key !== undefined && isRecord(item) ? item[key] : item;
  const rankOf = (item: unknown): number =>
    order.findIndex((wanted) => equalJson(keyOf(wanted), keyOf(item)));
  const wanted = list
    .filter((item) => rankOf(item) >= 0)
    .toSorted((left, right) => rankOf(left) - rankOf(right));
  const result = [...wanted];
  list.forEach((item, index) => {
    if (rankOf(item) >= 0) return;
    const previous = list.slice(0, index).findLast((other) => result.includes(other));
    result.splice(previous === undefined ? 0 : result.indexOf(previous) + 1, 0, item);
  });
  return result;
}

function mergeKeyOf(schema: Schema | undefined): string | undefined {
  const key = schema?.['x-kubernetes-patch-merge-key'];
  return typeof key === 'string' ? key : undefined;
}

function holds(list: readonly unknown[], item: unknown): boolean {
  return list.some((other) => equalJson(other, item));
}

/** What is set whole must not carry instructions into the object. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(
    ([name]) => !/^\$(patch|retainKeys|deleteFrom|setElement)/.test(name),
  );
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutDirectives(inner)]));
}
