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

export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
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
