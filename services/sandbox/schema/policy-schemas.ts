import {
  always,
  atomic,
  flag,
  int32,
  int64,
  intOrText,
  keyedListOf,
  kindShape,
  listOf,
  mapOf,
  oneOf,
  shape,
  text,
  withDefault,
} from './shapes.ts';
import { conditions, labelSelector, objectReference } from './shared-schemas.ts';

/* Who may do what, and what may happen to whom. */

const rules = listOf(
  shape(
    {
      verbs: listOf(text),
      apiGroups: listOf(text),
      resources: listOf(text),
      resourceNames: listOf(text),
      nonResourceURLs: listOf(text),
    },
    ['verbs'],
  ),
);

const subjects = listOf(
  atomic(shape({ kind: text, apiGroup: text, name: text, namespace: text }, ['kind', 'name'])),
);

const roleRef = atomic(
  shape({ apiGroup: withDefault(text, 'rbac.authorization.k8s.io'), kind: text, name: text }, [
    'kind',
    'name',
  ]),
);

export const roleSchema = kindShape({ rules });

export const clusterRoleSchema = kindShape({
  rules,
  aggregationRule: shape({ clusterRoleSelectors: listOf(labelSelector) }),
});

export const roleBindingSchema = kindShape({ subjects, roleRef }, ['roleRef']);

export const serviceAccountSchema = kindShape({
  automountServiceAccountToken: flag,
  imagePullSecrets: listOf(atomic(shape({ name: text }))),
  secrets: keyedListOf(objectReference, 'name'),
});

export const disruptionBudgetSchema = kindShape({
  spec: always(
    shape({
      minAvailable: intOrText,
      maxUnavailable: intOrText,
      selector: { ...labelSelector, 'x-kubernetes-patch-strategy': 'replace' },
      unhealthyPodEvictionPolicy: text,
    }),
  ),
  status: always(
    shape({
      conditions,
      currentHealthy: int32,
      desiredHealthy: int32,
      disruptedPods: mapOf(text),
      disruptionsAllowed: int32,
      expectedPods: int32,
      observedGeneration: int64,
    }),
  ),
});

const peers = listOf(
  shape({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: shape({ cidr: text, except: listOf(text) }, ['cidr']),
  }),
);

const ports = listOf(
  shape({ protocol: withDefault(text, 'TCP'), port: intOrText, endPort: int32 }),
);

export const networkPolicySchema = kindShape({
  spec: always(
    shape({
      podSelector: labelSelector,
      policyTypes: listOf(text),
      ingress: listOf(shape({ from: peers, ports })),
      egress: listOf(shape({ to: peers, ports })),
    }),
  ),
});

const matchedRules = listOf(
  shape({
    apiGroups: listOf(text),
    apiVersions: listOf(text),
    operations: listOf(text),
    resources: listOf(text),
    scope: withDefault(text, '*'),
  }),
);

export const webhookConfigurationSchema = kindShape({
  webhooks: keyedListOf(
    shape(
      {
        name: text,
        admissionReviewVersions: listOf(text),
        clientConfig: always(
          shape({
            url: text,
            caBundle: text,
            service: shape(
              { namespace: text, name: text, path: text, port: withDefault(int32, 443) },
              ['namespace', 'name'],
            ),
          }),
        ),
        rules: matchedRules,
        failurePolicy: withDefault(oneOf('Fail', 'Ignore'), 'Fail'),
        matchPolicy: withDefault(oneOf('Equivalent', 'Exact'), 'Equivalent'),
        matchConditions: keyedListOf(
          shape({ name: text, expression: text }, ['name', 'expression']),
          'name',
        ),
        namespaceSelector: withDefault(labelSelector, {}),
        objectSelector: withDefault(labelSelector, {}),
        sideEffects: oneOf('None', 'NoneOnDryRun', 'Some', 'Unknown'),
        timeoutSeconds: withDefault(int32, 10),
      },
      ['name', 'admissionReviewVersions', 'clientConfig', 'sideEffects'],
    ),
    'name',
  ),
});
