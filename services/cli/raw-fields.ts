import type { RawObject } from '#shared/cluster/cluster.ts';
import { isRecord } from '#shared/lib/canonical.ts';

/** What is at a path of fields; undefined where the path ends early. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const field of path) {
    if (!isRecord(found)) return undefined;
    found = found[field];
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A map of texts, such as labels; fields that are no texts are left out. */
export function textsAt(
  value: unknown,
  ...path: readonly string[]
): Readonly<Record<string, string>> {
  const found = fieldOf(value, ...path);
  if (!isRecord(found)) return {};
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  );
}

export function nameOf(object: RawObject): string {
  return object.metadata?.name ?? '';
}

export function namespaceOf(object: RawObject): string {
  return object.metadata?.namespace ?? '';
}

export function uidOf(object: RawObject): string {
  return object.metadata?.uid ?? '';
}

export function isTerminating(object: RawObject): boolean {
  return object.metadata?.['deletionTimestamp'] !== undefined;
}

/** Uid of the owner that controls it. */
export function controllerOf(object: RawObject): string | undefined {
  const owners = listAt(object, 'metadata', 'ownerReferences');
  return textAt(
    owners.find((owner) => fieldOf(owner, 'controller') === true),
    'uid',
  );
}

export function isOwned(object: RawObject): boolean {
  return listAt(object, 'metadata', 'ownerReferences').length > 0;
}

/** The VM template of a pool, in either spelling. */
export function vmTemplateOf(pool: RawObject): unknown {
  return fieldOf(pool, 'spec', 'virtualMachineTemplate') ?? fieldOf(pool, 'spec', 'template');
}
