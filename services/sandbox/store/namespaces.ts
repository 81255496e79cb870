import { isRecord } from '#shared/lib/canonical.ts';
import type { Core } from './core.ts';
import type { Caller, Change, KubeObject, StoreAnswer, StoreRequest } from './types.ts';

const caller: Caller = {
  user: 'system:serviceaccount:kube-system:namespace-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};
const fieldManager = 'kube-controller-manager';
const resource = { group: '', version: 'v1', plural: 'namespaces' };
const firstNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const lagMs = 5;
/** What finalizers hold is deleted again so often; it changes nothing until they are gone. */
const retryMs = 1000;

export type NamespaceParts = {
  readonly core: Core;
  readonly handle: (request: StoreRequest) => StoreAnswer;
};

/** Makes the namespaces of a new cluster, and empties and ends those that are deleted. */
export function startNamespaces({ core, handle }: NamespaceParts): void {
  const definition = core.registry.ofKind('', 'Namespace');
  if (definition === undefined) return;
  const ending = new Set<string>();
  const checked = new Set<string>();

  const visit = (name: string): void => {
    const namespace = core.get(definition, '', name);
    if (namespace?.metadata.deletionTimestamp === undefined) {
      ending.delete(name);
      return;
    }
    empty(name);
    if (core.everything(name).length > 0) core.parts.clock.after(retryMs, () => visit(name));
    else end(namespace);
  };
  const empty = (namespace: string): void => {
    for (const { definition: inner, object } of core.everything(namespace)) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const { group, plural, versions } = inner;
      const version = versions.find(({ served }) => served)?.name ?? '';
      const path = { group, version, plural };
      const { name, uid } = object.metadata;
      const options = { propagationPolicy: 'Background', preconditions: { uid } } as const;
      handle({ verb: 'delete', resource: path, namespace, name, caller, fieldManager, options });
    }
  };
  const end = (namespace: KubeObject): void => {
    ending.delete(namespace.metadata.name);
    const finalized = { ...namespace, spec: withoutFinalizers(namespace['spec']) };
    const isHeld = (namespace.metadata.finalizers ?? []).length > 0;
    const previous = namespace;
    if (isHeld) core.commit({ type: 'MODIFIED', definition, object: finalized, previous });
    else core.commit({ type: 'DELETED', definition, object: namespace, previous });
  };
  const watch = (namespace: KubeObject): void => {
    const { name, deletionTimestamp } = namespace.metadata;
    if (deletionTimestamp === undefined || ending.has(name) || isFinalized(namespace)) return;
    ending.add(name);
    core.parts.clock.after(lagMs, () => visit(name));
  };
  /** The last object gone ends the namespace soon, without waiting for the next visit. */
  const emptied = ({ type, object }: Change): void => {
    const { namespace } = object.metadata;
    if (type !== 'DELETED' || namespace === undefined || !ending.has(namespace)) return;
    if (checked.has(namespace)) return;
    checked.add(namespace);
    core.parts.clock.after(lagMs, () => {
      checked.delete(namespace);
      if (core.everything(namespace).length === 0) visit(namespace);
    });
  };

  core.subscribe((change) => {
    if (change.definition === definition && change.type !== 'DELETED') watch(change.object);
    emptied(change);
  });
  for (const name of firstNamespaces) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const request = { verb: 'create', resource, namespace: '', caller, body } as const;
    if (core.get(definition, '', name) === undefined) {
      handle({ ...request, fieldManager: 'kube-apiserver' });
    }
  }
  core.tableOf(definition).list('').forEach(watch);
}

function withoutFinalizers(spec: unknown): unknown {
  if (!isRecord(spec)) return spec;
  const { finalizers: _, ...rest } = spec;
  return rest;
}

function isFinalized({ spec }: KubeObject): boolean {
  return isRecord(spec) && spec['finalizers'] === undefined;
}
