import type { Schema } from './structural.ts';

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const int32: Schema = { type: 'integer', format: 'int32' };
export const int64: Schema = { type: 'integer', format: 'int64' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const intOrText: Schema = { 'x-kubernetes-int-or-string': true };
/** An object of which the sandbox knows nothing and keeps everything. */
export const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** Any value at all. */
export const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** A list without an order that counts, each value once. */
export function setOf(items: Schema): Schema {
  return {
    ...listOf(items),
    'x-kubernetes-list-type': 'set',
    'x-kubernetes-patch-strategy': 'merge',
  };
}

/**
 * A list whose items are found again by their keys, for server-side apply and, by the first key, for
 * strategic merge patches.
 */
export function keyedListOf(items: Schema, ...keys: readonly [string, ...string[]]): Schema {
  return {
    ...listOf(items),
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    'x-kubernetes-patch-merge-key': keys[0],
    'x-kubernetes-patch-strategy': 'merge',
  };
}

export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** One value for server-side apply: whoever writes a part owns it whole. */
export function atomic(schema: Schema): Schema {
  return { ...schema, 'x-kubernetes-map-type': 'atomic' };
}

/** A struct of Go that is no pointer: it is always there, so nobody owns it, only what it holds. */
export function always(schema: Schema): Schema {
  return { ...schema, 'x-rollcall-struct': true };
}

export function withDefault(schema: Schema, value: unknown): Schema {
  return { ...schema, default: value };
}

export function oneOf(...values: readonly string[]): Schema {
  return { ...text, enum: values };
}

export function shape(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** The whole object of a kind: its own fields beside apiVersion, kind and metadata. */
export function kindShape(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return shape(
    { apiVersion: text, kind: text, metadata: { type: 'object' }, ...properties },
    required,
  );
}
