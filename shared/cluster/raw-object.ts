import { isRecord } from '#shared/lib/canonical.ts';
import type { RawObject } from './cluster.ts';

/** Any JSON object will do: whoever uses a field asks for its type. */
export function isRawObject(value: unknown): value is RawObject {
  if (!isRecord(value)) return false;
  const { metadata } = value;
  return metadata === undefined || isRecord(metadata);
}
