import { timeSchema, uidSchema } from '#shared/contract/ids.ts';
import type { Uid } from '#shared/contract/ids.ts';
import { isRecord } from '#shared/lib/canonical.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none of anything else. Readers here never fail, they find less. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function intOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

export function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** A quantity may stand in JSON as a number. */
export function quantityOf(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value);
}

/** RFC 3339, as far as its length tells. */
export function timeOf(value: unknown): string | undefined {
  return timeSchema.safeParse(value).data;
}

/**
 * The uid in a reference, which whoever writes the reference chooses. What can be no object's uid stays so,
 * in characters that can be stored: the reference is there, though it leads nowhere.
 */
export function uidOf(value: unknown): Uid | undefined {
  const text = textOf(value)?.slice(0, 253).toWellFormed().replaceAll('\0', '\uFFFD');
  return uidSchema.safeParse(text).data;
}

export function textsOf(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

/** The API server writes null where nobody has set anything. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Only the entries that are text. */
export function textMapOf(value: unknown): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [key, text] of Object.entries(fieldsOf(value))) {
    if (typeof text === 'string') entries.push([key, text]);
  }
  return Object.fromEntries(entries);
}
