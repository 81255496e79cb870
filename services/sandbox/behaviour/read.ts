import { isRecord } from '#shared/lib/canonical.ts';
import type { KubeObject, KubeOwner } from '../store/types.ts';

/** The value at a path of field names; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) here = isRecord(here) ? here[name] : undefined;
  return here;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The object at a path, or an empty one. */
export function recordAt(
  value: unknown,
  ...path: readonly string[]
): Readonly<Record<string, unknown>> {
  const found = at(value, ...path);
  return isRecord(found) ? found : {};
}

/** The list at a path, or an empty one. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

export function controllerOf(object: KubeObject): KubeOwner | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The condition of a type in `status.conditions`. */
export function conditionOf(object: KubeObject, type: string): unknown {
  return listAt(object, 'status', 'conditions').find((one) => at(one, 'type') === type);
}
