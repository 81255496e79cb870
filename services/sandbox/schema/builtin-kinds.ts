import type { ResourceDefinition } from '../store/types.ts';
import {
  claimSchema,
  configMapSchema,
  crdSchema,
  eventSchema,
  leaseSchema,
  namespaceSchema,
  revisionSchema,
  secretSchema,
  serviceSchema,
  storageClassSchema,
  volumeSchema,
} from './builtin-schemas.ts';
import type { Schema } from './structural.ts';

type Builtin = {
  readonly group?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: boolean;
  readonly status?: boolean;
  readonly schema: Schema;
};

/** The kinds of Kubernetes itself that the sandbox serves, all in `v1`. */
export const builtinDefinitions: readonly ResourceDefinition[] = [
  builtin({
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    cluster: true,
    status: true,
    schema: namespaceSchema,
  }),
  builtin({ kind: 'Secret', plural: 'secrets', schema: secretSchema }),
  builtin({ kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'], schema: configMapSchema }),
  builtin({
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    status: true,
    schema: serviceSchema,
  }),
  builtin({ kind: 'Event', plural: 'events', shortNames: ['ev'], schema: eventSchema }),
  builtin({
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    shortNames: ['pvc'],
    status: true,
    schema: claimSchema,
  }),
  builtin({
    kind: 'PersistentVolume',
    plural: 'persistentvolumes',
    shortNames: ['pv'],
    cluster: true,
    status: true,
    schema: volumeSchema,
  }),
  builtin({
    group: 'apps',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    schema: revisionSchema,
  }),
  builtin({
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    schema: leaseSchema,
  }),
  builtin({
    group: 'apiextensions.k8s.io',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    cluster: true,
    status: true,
    schema: crdSchema,
  }),
  builtin({
    group: 'storage.k8s.io',
    kind: 'StorageClass',
    plural: 'storageclasses',
    shortNames: ['sc'],
    cluster: true,
    schema: storageClassSchema,
  }),
];

function builtin(kind: Builtin): ResourceDefinition {
  const { status = false, schema } = kind;
  return {
    group: kind.group ?? '',
    versions: [{ name: 'v1', served: true, storage: true, schema, status, columns: [] }],
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    namespaced: kind.cluster !== true,
    custom: false,
  };
}
