import { isRecord } from '#shared/lib/canonical.ts';

export type Fields = Readonly<Record<string, unknown>>;

/* Readers of objects that nobody has checked. They never fail, they find less. */

export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** What stands at a path; undefined as soon as a part of it is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((here, name) => fieldsOf(here)[name], value);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Undefined for an empty text too, as Go cannot tell it from a missing one. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The API server keeps null where nobody has set anything. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Only the entries that are text. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
