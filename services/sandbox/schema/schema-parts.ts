import { isRecord } from '#shared/lib/canonical.ts';
import type { Schema } from './structural.ts';

/** A schema inside of another one, undefined where there is none. */
export function recordIn(schema: Schema | undefined, field: string): Schema | undefined {
  if (schema === undefined || !Object.hasOwn(schema, field)) return undefined;
  const value = schema[field];
  return isRecord(value) ? value : undefined;
}
