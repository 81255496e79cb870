import { InvariantError } from '#shared/lib/assert.ts';
import type { RestoredChange, StoreParts } from './core.ts';
import { openHistory } from './history.ts';
import type { History } from './history.ts';
import { openObjectTable } from './object-table.ts';
import type { ObjectTable } from './object-table.ts';
import { groupOf, isCrd, openRegistry, resourceKey } from './registry.ts';
import type { Registry } from './registry.ts';
import type { Change, KubeObject, ResourceDefinition } from './types.ts';

const defaultHistorySize = 10_000;
/**
 * A new cluster has a past already, so that small made-up versions are too old, as on a real
 * server.
 */
const firstVersion = 1000;

/** Where objects stand, and what is known of their kinds. */
export type Places = {
  readonly registry: Registry;
  readonly tableOf: (definition: ResourceDefinition) => ObjectTable;
  /** Puts an object in its place or takes it away; a definition is known from then on. */
  readonly place: (change: Pick<Change, 'type' | 'definition' | 'object'>) => void;
};

export function openPlaces(parts: StoreParts): Places {
  const registry = openRegistry(parts.builtins);
  const tables = new Map<string, ObjectTable>();
  const tableOf = (definition: ResourceDefinition): ObjectTable => {
    const key = resourceKey(definition);
    const known = tables.get(key);
    if (known !== undefined) return known;
    const table = openObjectTable();
    tables.set(key, table);
    return table;
  };
  return {
    registry,
    tableOf,
    place({ type, definition, object }) {
      if (type === 'DELETED') tableOf(definition).remove(object);
      else tableOf(definition).put(object);
      if (!isCrd(definition)) return;
      if (type === 'DELETED') registry.remove(parts.definitionOfCrd(object));
      else registry.put(parts.definitionOfCrd(object));
    },
  };
}

type Restored = { readonly history: History; readonly resourceVersion: number };

/**
 * Puts back what a journal kept. Watches may go on from where they were: its changes are history.
 */
export function restore(parts: StoreParts, places: Places): Restored {
  const { restored, historySize = defaultHistorySize } = parts;
  const { objects, changes } = restored ?? { objects: [], changes: [] };
  placeAll(parts, places, objects);
  let resourceVersion = Math.max(restored?.resourceVersion ?? 0, firstVersion);
  const history = openHistory(historySize, resourceVersion);
  for (const change of changes) {
    history.add(placeChange(places, change));
    resourceVersion = change.resourceVersion;
  }
  return { history, resourceVersion };
}

/** Definitions come before the objects that need them. */
function placeAll(
  { definitionOfCrd }: StoreParts,
  { registry, place }: Places,
  objects: readonly KubeObject[],
): void {
  for (const object of objects) {
    const builtin = registry.ofKind(groupOf(object.apiVersion), object.kind);
    if (builtin !== undefined && isCrd(builtin)) registry.put(definitionOfCrd(object));
  }
  for (const object of objects) {
    place({ type: 'ADDED', definition: definitionOf(registry, object), object });
  }
}

function placeChange({ registry, tableOf, place }: Places, change: RestoredChange): Change {
  const { object } = change;
  const definition = definitionOf(registry, object);
  const { namespace = '', name } = object.metadata;
  const previous = tableOf(definition).get(namespace, name);
  place({ ...change, definition });
  return { ...change, definition, ...(previous && { previous }) };
}

function definitionOf(
  registry: Registry,
  { apiVersion, kind, metadata }: KubeObject,
): ResourceDefinition {
  const definition = registry.ofKind(groupOf(apiVersion), kind);
  if (definition !== undefined) return definition;
  throw new InvariantError(
    `restoring ${kind} ${metadata.name}: nobody defines ${apiVersion} ${kind}`,
  );
}
