import type {
  Change,
  KubeObject,
  ResourceDefinition,
  ResourceVersionDefinition,
  Store,
} from '../../services/sandbox/store/types.ts';

/** A store that only tells changes: what the tests of feeds and watches need of one. */
export type FakeStore = Store & {
  readonly commit: (change: Omit<Change, 'resourceVersion' | 'definition'>) => Change;
};

export const poolVersion: ResourceVersionDefinition = {
  name: 'v1beta1',
  served: true,
  storage: true,
  status: true,
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  columns: [
    { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
};

export const poolDefinition: ResourceDefinition = {
  group: 'pool.kubevirt.io',
  versions: [{ ...poolVersion, name: 'v1alpha1', storage: false }, poolVersion],
  kind: 'VirtualMachinePool',
  listKind: 'VirtualMachinePoolList',
  plural: 'virtualmachinepools',
  singular: 'virtualmachinepool',
  shortNames: ['vmpool', 'vmpools'],
  categories: ['all'],
  namespaced: true,
  custom: true,
};

export const namespaceDefinition: ResourceDefinition = {
  group: '',
  versions: [{ name: 'v1', served: true, storage: true, status: true, columns: [] }],
  kind: 'Namespace',
  listKind: 'NamespaceList',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  custom: false,
};

export function aPool(name: string, resourceVersion: number, labels = {}): KubeObject {
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: String(resourceVersion),
      creationTimestamp: '2026-11-21T04:00:00Z',
      labels,
    },
    spec: { replicas: 3 },
  };
}

export function fakeStore(startVersion = 10): FakeStore {
  const listeners = new Set<(change: Change) => void>();
  const changes: Change[] = [];
  let resourceVersion = startVersion;
  return {
    get resourceVersion() {
      return resourceVersion;
    },
    oldestVersion: startVersion,
    handle: () => ({ code: 200, body: { items: [], metadata: {} } }),
    changesSince: (version) =>
      version < startVersion
        ? 'gone'
        : changes.filter((change) => change.resourceVersion > version),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resolve: () => undefined,
    definitions: () => [poolDefinition, namespaceDefinition],
    inVersion: (object) => object,
    dump: () => [],
    commit: (partial) => {
      resourceVersion += 1;
      const change = { ...partial, resourceVersion, definition: poolDefinition };
      changes.push(change);
      listeners.forEach((listener) => listener(change));
      return change;
    },
  };
}
