import { isRecord } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import type { Structure } from './structural.ts';

export type Pruned = { readonly object: unknown; readonly unknown: readonly string[] };

/** The parts of a Kubernetes object that no schema of a resource speaks about. */
const envelope: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Removes what the schema does not name, removes null where it is not allowed, and fills in defaults,
 * in the order of the real API server: a null gives way to a default if there is one. Values of a wrong
 * type pass through, for validation to refuse. The object given is not changed.
 */
export function prune(root: Structure, object: unknown): Pruned {
  const unknown: string[] = [];
  const pruned = pruneValue({ ...root, embedded: true }, object, { path: '', unknown });
  return { object: pruned, unknown: unknown.toSorted(compareText) };
}

type Place = { readonly path: string; readonly unknown: string[] };

function pruneValue(structure: Structure, value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return pruneList(structure, value, place);
  return isRecord(value) ? pruneRecord(structure, value, place) : value;
}

function pruneList(structure: Structure, list: readonly unknown[], place: Place): unknown {
  const { items } = structure;
  if (items === undefined) return list;
  return list.map((item, index) =>
    pruneValue(items, item, { ...place, path: `${place.path}[${index}]` }),
  );
}

/** Built from entries, since a plain assignment to a field named `__proto__` would be lost. */
function pruneRecord(
  structure: Structure,
  record: Readonly<Record<string, unknown>>,
  place: Place,
): unknown {
  const kept: (readonly [string, unknown])[] = [];
  for (const [name, value] of Object.entries(record)) {
    const part = partFor(structure, name);
    if (part === 'unknown') place.unknown.push(pathOf(place, name));
    else if (part === 'any') kept.push([name, value]);
    else if (value !== null || part.nullable)
      kept.push([name, pruneValue(part, value, { ...place, path: pathOf(place, name) })]);
  }
  return Object.fromEntries([...kept, ...defaultsFor(structure, record, place)]);
}

function partFor(structure: Structure, name: string): Structure | 'any' | 'unknown' {
  const named = structure.properties.get(name);
  if (structure.embedded && envelope.has(name)) return 'any';
  if (named !== undefined) return named;
  if (structure.values !== undefined) return structure.values;
  return structure.open ? 'any' : 'unknown';
}

function defaultsFor(
  structure: Structure,
  record: Readonly<Record<string, unknown>>,
  place: Place,
): readonly (readonly [string, unknown])[] {
  const filled: (readonly [string, unknown])[] = [];
  for (const [name, part] of structure.properties) {
    const missing = record[name] === undefined || (record[name] === null && !part.nullable);
    if (!missing || part.fallback === undefined) continue;
    filled.push([name, pruneValue(part, part.fallback, { ...place, path: pathOf(place, name) })]);
  }
  return filled;
}

function pathOf({ path }: Place, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
