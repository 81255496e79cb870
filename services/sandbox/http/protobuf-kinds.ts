/**
 * The kinds that kubectl makes itself and then sends as protobuf (`kubectl create namespace`,
 * `kubectl autoscale`, `kubectl auth can-i`); it does not fall back to JSON. The field numbers are those
 * of the generated.proto files of k8s.io/api and k8s.io/apimachinery.
 */

export type Field =
  | { readonly name: string; readonly type: 'text' | 'base64' | 'boolean' | 'integer' }
  /** An IntOrString, and a Quantity, which is a message around one text. */
  | { readonly name: string; readonly type: 'int-or-text' | 'quantity' }
  | { readonly name: string; readonly type: 'texts' }
  | { readonly name: string; readonly type: 'map'; readonly of: 'text' | 'base64' }
  | { readonly name: string; readonly type: 'message' | 'messages'; readonly of: Message };

export type Message = Readonly<Record<number, Field>>;

const text = (name: string): Field => ({ name, type: 'text' });
const texts = (name: string): Field => ({ name, type: 'texts' });
const integer = (name: string): Field => ({ name, type: 'integer' });
const flag = (name: string): Field => ({ name, type: 'boolean' });
const intOrText = (name: string): Field => ({ name, type: 'int-or-text' });
const quantity = (name: string): Field => ({ name, type: 'quantity' });
const map = (name: string, of: 'text' | 'base64' = 'text'): Field => ({ name, type: 'map', of });
const message = (name: string, of: Message): Field => ({ name, type: 'message', of });
const messages = (name: string, of: Message): Field => ({ name, type: 'messages', of });

const owner: Message = {
  1: text('kind'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: flag('controller'),
  7: flag('blockOwnerDeletion'),
};

const objectMeta: Message = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  11: map('labels'),
  12: map('annotations'),
  13: messages('ownerReferences', owner),
  14: texts('finalizers'),
};

const metadata = message('metadata', objectMeta);

const labelSelector: Message = {
  1: map('matchLabels'),
  2: messages('matchExpressions', { 1: text('key'), 2: text('operator'), 3: texts('values') }),
};

const rules = messages('rules', {
  1: texts('verbs'),
  2: texts('apiGroups'),
  3: texts('resources'),
  4: texts('resourceNames'),
  5: texts('nonResourceURLs'),
});

const binding: Message = {
  1: metadata,
  2: messages('subjects', {
    1: text('kind'),
    2: text('apiGroup'),
    3: text('name'),
    4: text('namespace'),
  }),
  3: message('roleRef', { 1: text('apiGroup'), 2: text('kind'), 3: text('name') }),
};

const resourceAttributes = message('resourceAttributes', {
  1: text('namespace'),
  2: text('verb'),
  3: text('group'),
  4: text('version'),
  5: text('resource'),
  6: text('subresource'),
  7: text('name'),
});
const nonResourceAttributes = message('nonResourceAttributes', {
  1: text('path'),
  2: text('verb'),
});

const accessReview: Message = {
  1: metadata,
  2: message('spec', {
    1: resourceAttributes,
    2: nonResourceAttributes,
    3: text('user'),
    4: texts('groups'),
    6: text('uid'),
  }),
};

const scaleTarget = message('scaleTargetRef', {
  1: text('kind'),
  2: text('name'),
  3: text('apiVersion'),
});

const metricTarget = message('target', {
  1: text('type'),
  2: quantity('value'),
  3: quantity('averageValue'),
  4: integer('averageUtilization'),
});

const metrics = messages('metrics', {
  1: text('type'),
  4: message('resource', { 1: text('name'), 2: metricTarget }),
  7: message('containerResource', { 1: text('name'), 2: metricTarget, 3: text('container') }),
});

const ports = messages('ports', {
  1: text('name'),
  2: integer('hostPort'),
  3: integer('containerPort'),
  4: text('protocol'),
  5: text('hostIP'),
});

const containers = messages('containers', {
  1: text('name'),
  2: text('image'),
  3: texts('command'),
  4: texts('args'),
  5: text('workingDir'),
  6: ports,
  7: messages('env', { 1: text('name'), 2: text('value') }),
});

const template = message('template', {
  1: metadata,
  2: message('spec', { 2: containers, 3: text('restartPolicy') }),
});

const servicePorts = messages('ports', {
  1: text('name'),
  2: text('protocol'),
  3: integer('port'),
  4: intOrText('targetPort'),
  5: integer('nodePort'),
});

/** By apiVersion and kind, as the envelope names them. */
export const protobufKinds: Readonly<Record<string, Message>> = {
  'v1/Namespace': { 1: metadata, 2: message('spec', { 1: texts('finalizers') }) },
  'v1/ConfigMap': {
    1: metadata,
    2: map('data'),
    3: map('binaryData', 'base64'),
    4: flag('immutable'),
  },
  'v1/Secret': {
    1: metadata,
    2: map('data', 'base64'),
    3: text('type'),
    4: map('stringData'),
    5: flag('immutable'),
  },
  'v1/ServiceAccount': {
    1: metadata,
    3: messages('imagePullSecrets', { 1: text('name') }),
    4: flag('automountServiceAccountToken'),
  },
  'v1/Service': {
    1: metadata,
    2: message('spec', {
      1: servicePorts,
      2: map('selector'),
      3: text('clusterIP'),
      4: text('type'),
      5: texts('externalIPs'),
      7: text('sessionAffinity'),
      8: text('loadBalancerIP'),
      10: text('externalName'),
    }),
  },
  'apps/v1/Deployment': {
    1: metadata,
    2: message('spec', {
      1: integer('replicas'),
      2: message('selector', labelSelector),
      3: template,
    }),
  },
  'policy/v1/PodDisruptionBudget': {
    1: metadata,
    2: message('spec', {
      1: intOrText('minAvailable'),
      2: message('selector', labelSelector),
      3: intOrText('maxUnavailable'),
    }),
  },
  'autoscaling/v1/HorizontalPodAutoscaler': {
    1: metadata,
    2: message('spec', {
      1: scaleTarget,
      2: integer('minReplicas'),
      3: integer('maxReplicas'),
      4: integer('targetCPUUtilizationPercentage'),
    }),
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    1: metadata,
    2: message('spec', {
      1: scaleTarget,
      2: integer('minReplicas'),
      3: integer('maxReplicas'),
      4: metrics,
    }),
  },
  'rbac.authorization.k8s.io/v1/Role': { 1: metadata, 2: rules },
  'rbac.authorization.k8s.io/v1/ClusterRole': {
    1: metadata,
    2: rules,
    3: message('aggregationRule', { 1: messages('clusterRoleSelectors', labelSelector) }),
  },
  'rbac.authorization.k8s.io/v1/RoleBinding': binding,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': binding,
  'authentication.k8s.io/v1/TokenRequest': {
    1: metadata,
    2: message('spec', { 1: texts('audiences'), 4: integer('expirationSeconds') }),
  },
  'authentication.k8s.io/v1/TokenReview': {
    1: metadata,
    2: message('spec', { 1: text('token'), 2: texts('audiences') }),
  },
  'authentication.k8s.io/v1/SelfSubjectReview': { 1: metadata },
  'authorization.k8s.io/v1/SubjectAccessReview': accessReview,
  'authorization.k8s.io/v1/LocalSubjectAccessReview': accessReview,
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: metadata,
    2: message('spec', { 1: resourceAttributes, 2: nonResourceAttributes }),
  },
  'authorization.k8s.io/v1/SelfSubjectRulesReview': {
    1: metadata,
    2: message('spec', { 1: text('namespace') }),
  },
};
