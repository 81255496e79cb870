import { isRecord } from '#shared/lib/canonical.ts';
import { put } from './json.ts';

/** JSON merge patch, RFC 7386: null removes, objects are merged, everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete merged[key];
    else if (value !== undefined) put(merged, key, applyMergePatch(own(merged, key), value));
  }
  return merged;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
