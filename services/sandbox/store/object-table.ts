import { compareText } from '#shared/lib/order.ts';
import type { KubeObject } from './types.ts';

/** The living objects of one resource. */
export interface ObjectTable {
  get(namespace: string, name: string): KubeObject | undefined;
  /** All objects of a namespace, or of all with '', in the order of etcd's keys. */
  list(namespace: string): readonly KubeObject[];
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
}

type Shelf = {
  readonly objects: Map<string, KubeObject>;
  /** Names in order; undefined when one came or went since they were last asked for. */
  names: readonly string[] | undefined;
};

export function openObjectTable(): ObjectTable {
  const shelves = new Map<string, Shelf>();
  let namespaces: readonly string[] | undefined;

  const shelfOf = (namespace: string): Shelf => {
    const known = shelves.get(namespace);
    if (known !== undefined) return known;
    const shelf: Shelf = { objects: new Map(), names: undefined };
    shelves.set(namespace, shelf);
    namespaces = undefined;
    return shelf;
  };

  return {
    get: (namespace, name) => shelves.get(namespace)?.objects.get(name),
    list(namespace) {
      if (namespace !== '') return objectsOf(shelves.get(namespace));
      namespaces ??= [...shelves.keys()].toSorted(compareNamespaces);
      return namespaces.flatMap((each) => objectsOf(shelves.get(each)));
    },
    put(object) {
      const { namespace = '', name } = object.metadata;
      const shelf = shelfOf(namespace);
      if (!shelf.objects.has(name)) shelf.names = undefined;
      shelf.objects.set(name, object);
    },
    remove({ metadata: { namespace = '', name } }) {
      const shelf = shelves.get(namespace);
      if (shelf?.objects.delete(name) !== true) return;
      shelf.names = undefined;
      if (shelf.objects.size > 0) return;
      shelves.delete(namespace);
      namespaces = undefined;
    },
  };
}

function objectsOf(shelf: Shelf | undefined): readonly KubeObject[] {
  if (shelf === undefined) return [];
  shelf.names ??= [...shelf.objects.keys()].toSorted(compareText);
  return shelf.names.flatMap((name) => shelf.objects.get(name) ?? []);
}

/** Keys go on with `/name`, so `a-b` stands before `a`. */
function compareNamespaces(left: string, right: string): number {
  return compareText(`${left}/`, `${right}/`);
}
