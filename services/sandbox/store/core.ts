import type { Checked } from '../schema/types.ts';
import type { History } from './history.ts';
import type { ObjectTable } from './object-table.ts';
import { openPlaces, restore } from './places.ts';
import type { Registry } from './registry.ts';
import type {
  Change,
  Clock,
  KubeObject,
  ResourceDefinition,
  ResourceVersionDefinition,
} from './types.ts';

/** What the store is made of; all time, chance and I/O come in here. */
export type StoreParts = {
  readonly clock: Clock;
  readonly uid: () => string;
  /** A number from 0 up to 1, for the suffix of generateName. */
  readonly chance: () => number;
  readonly builtins: readonly ResourceDefinition[];
  readonly checkObject: (
    version: ResourceVersionDefinition,
    object: unknown,
    /** What stood there before, in the same version. */
    old?: unknown,
  ) => Checked;
  readonly definitionOfCrd: (crd: KubeObject) => ResourceDefinition;
  /** How many changes are kept for watches that come back. */
  readonly historySize?: number;
  /** What a journal kept of an earlier run. */
  readonly restored?: Restored;
  /** Told each change before it is told to anyone else. */
  readonly journal?: { append(change: Change): void };
};

export type Restored = {
  /** The version of the objects. */
  readonly resourceVersion: number;
  readonly objects: readonly KubeObject[];
  /** What happened after that, in order. */
  readonly changes: readonly RestoredChange[];
};

export type RestoredChange = Pick<Change, 'type' | 'resourceVersion' | 'object'>;

type Commit = {
  readonly type: Change['type'];
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
  readonly previous?: KubeObject;
};

/** The objects and how they change; what a request means is decided around it. */
export interface Core {
  readonly parts: StoreParts;
  readonly registry: Registry;
  readonly history: History;
  readonly resourceVersion: number;
  tableOf(definition: ResourceDefinition): ObjectTable;
  get(definition: ResourceDefinition, namespace: string, name: string): KubeObject | undefined;
  /** Gives the object the next resourceVersion, stores it or takes it away, and tells everyone. */
  commit(commit: Commit): KubeObject;
  subscribe(listener: (change: Change) => void): () => void;
  /** All objects with their definitions, of one namespace or with '' of all and of none. */
  everything(namespace: string): readonly Placed[];
}

export type Placed = { readonly definition: ResourceDefinition; readonly object: KubeObject };

export function openCore(parts: StoreParts): Core {
  const places = openPlaces(parts);
  const { registry, tableOf, place } = places;
  const listeners = new Set<(change: Change) => void>();
  const { history, resourceVersion: start } = restore(parts, places);
  let resourceVersion = start;
  const tell = openTeller(listeners);

  return {
    parts,
    registry,
    history,
    get resourceVersion() {
      return resourceVersion;
    },
    tableOf,
    get: (definition, namespace, name) => tableOf(definition).get(namespace, name),
    commit({ type, definition, object: given, previous }) {
      resourceVersion += 1;
      const metadata = { ...given.metadata, resourceVersion: String(resourceVersion) };
      const object = { ...given, metadata };
      const change = { type, definition, object, resourceVersion, ...(previous && { previous }) };
      place(change);
      history.add(change);
      parts.journal?.append(change);
      tell(change);
      return object;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    everything: (namespace) =>
      registry
        .list()
        .filter((definition) => namespace === '' || definition.namespaced)
        .flatMap((definition) =>
          tableOf(definition)
            .list(namespace)
            .map((object) => ({ definition, object })),
        ),
  };
}

/**
 * A listener may write; what it writes is told after what it was told, so everyone sees one order.
 */
function openTeller(listeners: ReadonlySet<(change: Change) => void>): (change: Change) => void {
  const queue: Change[] = [];
  let telling = false;
  return (change) => {
    queue.push(change);
    if (telling) return;
    telling = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const listener of listeners) listener(next);
      }
    } finally {
      telling = false;
    }
  };
}
