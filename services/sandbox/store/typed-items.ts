import { isRecord } from '#shared/lib/canonical.ts';

/** A part of an openAPIV3Schema; undefined where nothing is declared. */
export type Schema = Readonly<Record<string, unknown>>;

/** What stands at one place below another. */
export type Item = {
  readonly value: unknown;
  readonly schema: Schema | undefined;
  /** A declared field, as opposed to a key of a map or an item of a list. */
  readonly declared: boolean;
};

/**
 * What stands below a place, by its part in `fieldsV1`; undefined where the place is one value: a
 * scalar, an atomic map, or a list without keys.
 */
export function itemsOf(
  value: unknown,
  schema: Schema | undefined,
): ReadonlyMap<string, Item> | undefined {
  if (Array.isArray(value)) return listItems(value, schema);
  if (!isRecord(value) || schema?.['x-kubernetes-map-type'] === 'atomic') return undefined;
  const properties = recordAt(schema, 'properties');
  const others = recordAt(schema, 'additionalProperties');
  const items = new Map<string, Item>();
  for (const name of Object.keys(value)) {
    const own = recordAt(properties, name);
    items.set(`f:${name}`, {
      value: value[name],
      schema: own ?? others,
      declared: own !== undefined,
    });
  }
  return items;
}

/** The schema below a place that a part of `fieldsV1` names, and whether the part is declared. */
export function schemaBelow(
  schema: Schema | undefined,
  part: string,
): Pick<Item, 'schema' | 'declared'> {
  if (!part.startsWith('f:')) return { schema: recordAt(schema, 'items'), declared: false };
  const own = recordAt(recordAt(schema, 'properties'), part.slice(2));
  return {
    schema: own ?? recordAt(schema, 'additionalProperties'),
    declared: own !== undefined,
  };
}

function listItems(
  list: readonly unknown[],
  schema: Schema | undefined,
): ReadonlyMap<string, Item> | undefined {
  const part = partOfItems(schema);
  if (part === undefined) return undefined;
  const inner = recordAt(schema, 'items');
  return new Map(
    list.map((value) => [part(value), { value, schema: inner, declared: false }] as const),
  );
}

/** How the items of a list are named; undefined where the list is one value. */
export function partOfItems(schema: Schema | undefined): ((item: unknown) => string) | undefined {
  const type = schema?.['x-kubernetes-list-type'];
  if (type === 'set') return (item) => `v:${JSON.stringify(item)}`;
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (type !== 'map' || !Array.isArray(keys)) return undefined;
  const names = keys.map(String).toSorted();
  const properties = recordAt(recordAt(schema, 'items'), 'properties');
  const defaults = names.map((name) => recordAt(properties, name)?.['default'] ?? null);
  return (item) => {
    const pairs = names.map((name, index) => [
      name,
      (isRecord(item) ? item[name] : undefined) ?? defaults[index],
    ]);
    return `k:${JSON.stringify(Object.fromEntries(pairs))}`;
  };
}

export function recordAt(schema: Schema | undefined, field: string): Schema | undefined {
  if (schema === undefined || !Object.hasOwn(schema, field)) return undefined;
  const value = schema[field];
  return isRecord(value) ? value : undefined;
}
