import { isRecord } from '#shared/lib/canonical.ts';
import { put } from './json.ts';

/**
 * JSON merge patch, RFC 7386: null removes, objects are merged, everything else replaces. In the objects
 * of a list, which the RFC leaves as they are, null removes too, as in Kubernetes.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return withoutNulls(patch);
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete merged[key];
    else if (value !== undefined) put(merged, key, applyMergePatch(own(merged, key), value));
  }
  return merged;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isRecord(value) ? applyMergePatch({}, value) : value;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
