import { isRecord } from '#shared/lib/canonical.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A copy that shares nothing with its source; fields that are undefined are left out, as on the
 * wire.
 */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => copyJson(item ?? null));
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (field !== undefined) put(copy, key, copyJson(field));
  }
  return copy;
}

/** Whether two JSON values say the same; the order of fields does not count. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => equalJson(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]));
}

/** The object without one field; the same object where it has none. */
export function without(object: JsonObject, field: string): JsonObject {
  if (!Object.hasOwn(object, field)) return object;
  const { [field]: _, ...rest } = object;
  return rest;
}

/** The value at a path of field names, undefined where the path ends early. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isRecord(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}

/** The object with a value set at a path; objects on the way are copied or made. */
export function withValueAt(
  object: JsonObject,
  [name, ...rest]: readonly string[],
  value: unknown,
): JsonObject {
  if (name === undefined) return object;
  const inner = object[name];
  const next = rest.length === 0 ? value : withValueAt(isRecord(inner) ? inner : {}, rest, value);
  return { ...object, [name]: next };
}

/** Sets a field by definition, so that a field called `__proto__` is data like any other. */
export function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true });
}
