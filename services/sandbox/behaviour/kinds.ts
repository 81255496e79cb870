import type { KubeObject, ResourcePath } from '../store/types.ts';

/** The kinds that have behaviour, and where they are served. */
const resources = {
  VirtualMachine: { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachines' },
  VirtualMachineInstance: {
    group: 'kubevirt.io',
    version: 'v1',
    plural: 'virtualmachineinstances',
  },
  DataVolume: { group: 'cdi.kubevirt.io', version: 'v1beta1', plural: 'datavolumes' },
  PersistentVolumeClaim: { group: '', version: 'v1', plural: 'persistentvolumeclaims' },
  PersistentVolume: { group: '', version: 'v1', plural: 'persistentvolumes' },
  StorageClass: { group: 'storage.k8s.io', version: 'v1', plural: 'storageclasses' },
  Pod: { group: '', version: 'v1', plural: 'pods' },
  Node: { group: '', version: 'v1', plural: 'nodes' },
} as const satisfies Readonly<Record<string, ResourcePath>>;

export type LiveKind = keyof typeof resources;

/** Names an object whether or not it is there; the namespace is '' outside of namespaces. */
export type Place = { readonly kind: LiveKind; readonly namespace: string; readonly name: string };

export function resourceOf(kind: LiveKind): ResourcePath {
  return resources[kind];
}

export function apiVersionFor(kind: LiveKind): string {
  const { group, version } = resources[kind];
  return group === '' ? version : `${group}/${version}`;
}

/** Undefined for a kind without behaviour, also for one of the same name in another group. */
export function placeOf(object: KubeObject): Place | undefined {
  const { kind, apiVersion, metadata } = object;
  if (!isLive(kind) || apiVersionFor(kind) !== apiVersion) return undefined;
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

export function keyOf({ kind, namespace, name }: Place): string {
  return `${kind}/${namespace}/${name}`;
}

function isLive(kind: string): kind is LiveKind {
  return Object.hasOwn(resources, kind);
}
