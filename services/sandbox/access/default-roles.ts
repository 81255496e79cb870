import { createdOrKept } from '../store/create-once.ts';
import type { Store } from '../store/types.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const group = 'rbac.authorization.k8s.io';
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const discoveryPaths = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];
const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const access = ['roles', 'rolebindings'];
/** What somebody who works in a namespace of a real cluster may see; secrets are not among it. */
const plain = [
  'configmaps',
  'events',
  'persistentvolumeclaims',
  'pods',
  'serviceaccounts',
  'services',
];

type Role = {
  readonly rules?: readonly unknown[];
  readonly gathers?: string;
  readonly gatheredBy?: string;
};

/** The roles that every cluster begins with, of the kinds that are served here. */
const roles: Readonly<Record<string, Role>> = {
  'cluster-admin': {
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  },
  'system:discovery': { rules: [{ verbs: ['get'], nonResourceURLs: discoveryPaths }] },
  'system:public-info-viewer': { rules: [{ verbs: ['get'], nonResourceURLs: publicPaths }] },
  'system:basic-user': {
    rules: [
      {
        verbs: ['create'],
        apiGroups: ['authorization.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      },
      {
        verbs: ['create'],
        apiGroups: ['authentication.k8s.io'],
        resources: ['selfsubjectreviews'],
      },
    ],
  },
  'system:auth-delegator': {
    rules: [
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
      {
        verbs: ['create'],
        apiGroups: ['authorization.k8s.io'],
        resources: ['subjectaccessreviews'],
      },
    ],
  },
  admin: { gathers: 'admin' },
  edit: { gathers: 'edit', gatheredBy: 'admin' },
  view: { gathers: 'view', gatheredBy: 'edit' },
  'system:aggregate-to-admin': {
    gatheredBy: 'admin',
    rules: [
      { verbs: [...read, ...write], apiGroups: [group], resources: access },
      {
        verbs: ['create'],
        apiGroups: ['authorization.k8s.io'],
        resources: ['localsubjectaccessreviews'],
      },
      ...seen(write),
      { verbs: [...read, ...write], apiGroups: [''], resources: ['secrets'] },
    ],
  },
  'system:aggregate-to-edit': {
    gatheredBy: 'edit',
    rules: [
      ...seen(write),
      { verbs: [...read, ...write], apiGroups: [''], resources: ['secrets'] },
    ],
  },
  'system:aggregate-to-view': { gatheredBy: 'view', rules: seen(read) },
};

function seen(verbs: readonly string[]): readonly unknown[] {
  return [
    { verbs, apiGroups: [''], resources: plain },
    { verbs, apiGroups: ['apps'], resources: ['controllerrevisions', 'deployments'] },
    { verbs, apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
    { verbs, apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
    { verbs, apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] },
  ];
}

const bindings: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'],
  'system:discovery': ['system:authenticated'],
  'system:basic-user': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

/** Makes the roles and bindings that a new cluster has; what a user changed of them stays. */
export function makeDefaultRoles(store: Store): void {
  for (const [name, role] of Object.entries(roles)) {
    createdOrKept(store, { group, version: 'v1', plural: 'clusterroles' }, roleOf(name, role));
  }
  for (const [name, groups] of Object.entries(bindings)) {
    createdOrKept(
      store,
      { group, version: 'v1', plural: 'clusterrolebindings' },
      bindingOf(name, groups),
    );
  }
}

const aggregation = (name: string) => `rbac.authorization.k8s.io/aggregate-to-${name}`;

function roleOf(name: string, { rules, gathers, gatheredBy }: Role) {
  const gathered = gatheredBy === undefined ? {} : { [aggregation(gatheredBy)]: 'true' };
  const selector = { matchLabels: { [aggregation(gathers ?? '')]: 'true' } };
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...labels, ...gathered } },
    ...(rules && { rules }),
    ...(gathers !== undefined && { aggregationRule: { clusterRoleSelectors: [selector] } }),
  };
}

function bindingOf(name: string, groups: readonly string[]) {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
    subjects: groups.map((subject) => ({ apiGroup: group, kind: 'Group', name: subject })),
  };
}
