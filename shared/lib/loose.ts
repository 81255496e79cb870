import { isRecord } from './canonical.ts';

/** Fields of unknown kind. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of what may be anything; none where it is no plain object. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** A text, or an empty one in place of anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
