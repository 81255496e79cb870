import { groupOf } from './registry.ts';
import type { KubeObject, KubeOwner, ResourceDefinition } from './types.ts';

/** An object as the garbage collector sees it. */
export type Node = { readonly definition: ResourceDefinition; readonly object: KubeObject };

/**
 * Who is alive, and who names whom as an owner; each step costs as much as the object has owners.
 */
export interface OwnerIndex {
  node(uid: string): Node | undefined;
  dependentsOf(uid: string): readonly Node[];
  put(node: Node): void;
  remove(object: KubeObject): void;
  /** Whether the owner lives where the reference says; another object under its name is not it. */
  isAlive(dependent: KubeObject, owner: KubeOwner): boolean;
}

export function openOwnerIndex(): OwnerIndex {
  const nodes = new Map<string, Node>();
  const dependents = new Map<string, Set<string>>();

  const unlink = (object: KubeObject): void => {
    for (const owner of ownersOf(object)) {
      const set = dependents.get(owner.uid);
      set?.delete(object.metadata.uid);
      if (set?.size === 0) dependents.delete(owner.uid);
    }
  };

  return {
    node: (uid) => nodes.get(uid),
    dependentsOf: (uid) =>
      [...(dependents.get(uid) ?? [])].flatMap((each) => nodes.get(each) ?? []),
    put(node) {
      const { uid } = node.object.metadata;
      const old = nodes.get(uid);
      nodes.set(uid, node);
      if (old?.object.metadata.ownerReferences === node.object.metadata.ownerReferences) return;
      if (old !== undefined) unlink(old.object);
      for (const owner of ownersOf(node.object)) {
        const set = dependents.get(owner.uid) ?? new Set();
        dependents.set(owner.uid, set.add(uid));
      }
    },
    remove(object) {
      unlink(nodes.get(object.metadata.uid)?.object ?? object);
      nodes.delete(object.metadata.uid);
    },
    isAlive({ metadata }, owner) {
      const found = nodes.get(owner.uid);
      if (found === undefined) return false;
      const { definition, object } = found;
      return (
        object.kind === owner.kind &&
        definition.group === groupOf(owner.apiVersion) &&
        object.metadata.name === owner.name &&
        (!definition.namespaced || object.metadata.namespace === metadata.namespace)
      );
    },
  };
}

export function ownersOf({ metadata }: KubeObject): readonly KubeOwner[] {
  return metadata.ownerReferences ?? [];
}
