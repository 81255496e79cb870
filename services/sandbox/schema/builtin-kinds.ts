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
import { autoscalerSchema, autoscalerV1Schema } from './autoscaler-schemas.ts';
import { podSchema } from './pod-schemas.ts';
import {
  clusterRoleSchema,
  disruptionBudgetSchema,
  networkPolicySchema,
  roleBindingSchema,
  roleSchema,
  serviceAccountSchema,
  webhookConfigurationSchema,
} from './policy-schemas.ts';
import {
  accessReviewSchema,
  selfAccessReviewSchema,
  selfReviewSchema,
  selfRulesReviewSchema,
  tokenReviewSchema,
} from './review-schemas.ts';
import type { Schema } from './structural.ts';
import { deploymentSchema, nodeSchema } from './workload-schemas.ts';

type Builtin = {
  readonly group?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: boolean;
  readonly status?: boolean;
  /** The wanted state is counted in metadata.generation. */
  readonly generation?: boolean;
  readonly verbs?: readonly string[];
  /** The schema of `v1`. */
  readonly schema: Schema;
  /** The schema of `v2`, in which objects are then kept. */
  readonly second?: Schema;
};

const access = 'rbac.authorization.k8s.io';
const asked = 'authorization.k8s.io';
const proof = 'authentication.k8s.io';
/** Questions can be asked, and nothing else. */
const asks = { verbs: ['create'] };

/** The kinds of Kubernetes itself that the sandbox serves; where not said otherwise in `v1`. */
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
  builtin({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    status: true,
    generation: true,
    schema: podSchema,
  }),
  builtin({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    cluster: true,
    status: true,
    schema: nodeSchema,
  }),
  builtin({
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    schema: serviceAccountSchema,
  }),
  builtin({
    group: 'apps',
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    status: true,
    generation: true,
    schema: deploymentSchema,
  }),
  builtin({
    group: 'autoscaling',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    status: true,
    schema: autoscalerV1Schema,
    second: autoscalerSchema,
  }),
  builtin({
    group: 'policy',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    status: true,
    generation: true,
    schema: disruptionBudgetSchema,
  }),
  builtin({
    group: 'networking.k8s.io',
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    generation: true,
    schema: networkPolicySchema,
  }),
  builtin({ group: access, kind: 'Role', plural: 'roles', schema: roleSchema }),
  builtin({
    group: access,
    kind: 'RoleBinding',
    plural: 'rolebindings',
    schema: roleBindingSchema,
  }),
  builtin({
    group: access,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    cluster: true,
    schema: clusterRoleSchema,
  }),
  builtin({
    group: access,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    cluster: true,
    schema: roleBindingSchema,
  }),
  builtin({
    group: 'admissionregistration.k8s.io',
    kind: 'ValidatingWebhookConfiguration',
    plural: 'validatingwebhookconfigurations',
    categories: ['api-extensions'],
    cluster: true,
    generation: true,
    schema: webhookConfigurationSchema,
  }),
  builtin({
    ...asks,
    group: proof,
    kind: 'TokenReview',
    plural: 'tokenreviews',
    cluster: true,
    schema: tokenReviewSchema,
  }),
  builtin({
    ...asks,
    group: proof,
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    cluster: true,
    schema: selfReviewSchema,
  }),
  builtin({
    ...asks,
    group: asked,
    kind: 'SubjectAccessReview',
    plural: 'subjectaccessreviews',
    cluster: true,
    schema: accessReviewSchema,
  }),
  builtin({
    ...asks,
    group: asked,
    kind: 'LocalSubjectAccessReview',
    plural: 'localsubjectaccessreviews',
    schema: accessReviewSchema,
  }),
  builtin({
    ...asks,
    group: asked,
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    cluster: true,
    schema: selfAccessReviewSchema,
  }),
  builtin({
    ...asks,
    group: asked,
    kind: 'SelfSubjectRulesReview',
    plural: 'selfsubjectrulesreviews',
    cluster: true,
    schema: selfRulesReviewSchema,
  }),
];

function builtin(kind: Builtin): ResourceDefinition {
  const { verbs, generation } = kind;
  return {
    group: kind.group ?? '',
    versions: versionsOf(kind),
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    namespaced: kind.cluster !== true,
    custom: false,
    ...(verbs && { verbs }),
    ...(generation && { generation }),
  };
}

function versionsOf({ status = false, schema, second }: Builtin): ResourceDefinition['versions'] {
  const first = { name: 'v1', served: true, schema, status, columns: [] };
  if (second === undefined) return [{ ...first, storage: true }];
  return [
    { ...first, name: 'v2', storage: true, schema: second },
    { ...first, storage: false },
  ];
}
