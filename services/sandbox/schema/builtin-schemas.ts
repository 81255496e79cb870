import {
  anything,
  flag,
  int32,
  int64,
  intOrText,
  kindShape,
  listOf,
  mapOf,
  open,
  shape,
  text,
  time,
} from './shapes.ts';

/*
 * The fields of built-in kinds, so that a misspelt one is named to the user. Types which are large and
 * which nothing here reads are open.
 */

const condition = shape({
  type: text,
  status: text,
  reason: text,
  message: text,
  lastTransitionTime: { ...time, nullable: true },
  lastProbeTime: { ...time, nullable: true },
  observedGeneration: int64,
});
const objectReference = shape({
  apiVersion: text,
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  resourceVersion: text,
  fieldPath: text,
});
const typedReference = shape({ apiGroup: text, kind: text, name: text, namespace: text });
const labelSelector = shape({
  matchLabels: mapOf(text),
  matchExpressions: listOf(
    shape({ key: text, operator: text, values: listOf(text) }, ['key', 'operator']),
  ),
});
const quantities = mapOf(intOrText);

export const namespaceSchema = kindShape({
  spec: shape({ finalizers: listOf(text) }),
  status: shape({ phase: text, conditions: listOf(condition) }),
});

export const secretSchema = kindShape({
  data: mapOf(text),
  stringData: mapOf(text),
  immutable: flag,
  type: text,
});

export const configMapSchema = kindShape({
  data: mapOf(text),
  binaryData: mapOf(text),
  immutable: flag,
});

const servicePort = shape(
  {
    name: text,
    protocol: text,
    appProtocol: text,
    port: int32,
    targetPort: intOrText,
    nodePort: int32,
  },
  ['port'],
);

export const serviceSchema = kindShape({
  spec: shape({
    type: text,
    selector: mapOf(text),
    ports: listOf(servicePort),
    clusterIP: text,
    clusterIPs: listOf(text),
    externalIPs: listOf(text),
    externalName: text,
    externalTrafficPolicy: text,
    internalTrafficPolicy: text,
    trafficDistribution: text,
    healthCheckNodePort: int32,
    ipFamilies: listOf(text),
    ipFamilyPolicy: text,
    allocateLoadBalancerNodePorts: flag,
    loadBalancerClass: text,
    loadBalancerIP: text,
    loadBalancerSourceRanges: listOf(text),
    publishNotReadyAddresses: flag,
    sessionAffinity: text,
    sessionAffinityConfig: open,
  }),
  status: shape({ loadBalancer: open, conditions: listOf(condition) }),
});

const nullableTime = { ...time, nullable: true };

export const eventSchema = kindShape(
  {
    involvedObject: objectReference,
    related: objectReference,
    type: text,
    reason: text,
    message: text,
    action: text,
    count: int32,
    source: shape({ component: text, host: text }),
    reportingComponent: text,
    reportingInstance: text,
    firstTimestamp: nullableTime,
    lastTimestamp: nullableTime,
    eventTime: nullableTime,
    series: shape({ count: int32, lastObservedTime: time }),
  },
  ['involvedObject'],
);

const accessModes = listOf(text);

export const claimSchema = kindShape({
  spec: shape({
    accessModes,
    resources: shape({ requests: quantities, limits: quantities }),
    selector: labelSelector,
    storageClassName: text,
    volumeAttributesClassName: text,
    volumeMode: text,
    volumeName: text,
    dataSource: typedReference,
    dataSourceRef: typedReference,
  }),
  status: shape({
    phase: text,
    accessModes,
    capacity: quantities,
    allocatedResources: quantities,
    allocatedResourceStatuses: mapOf(text),
    currentVolumeAttributesClassName: text,
    modifyVolumeStatus: open,
    conditions: listOf(condition),
  }),
});

export const volumeSchema = kindShape({
  // The sources of a volume are two dozen types with one field each.
  spec: {
    ...open,
    properties: {
      accessModes,
      capacity: quantities,
      claimRef: objectReference,
      mountOptions: listOf(text),
      nodeAffinity: open,
      persistentVolumeReclaimPolicy: text,
      storageClassName: text,
      volumeMode: text,
    },
  },
  status: shape({
    phase: text,
    reason: text,
    message: text,
    lastPhaseTransitionTime: { ...time, nullable: true },
  }),
});

export const revisionSchema = kindShape({ data: anything, revision: int64 }, ['revision']);

export const leaseSchema = kindShape({
  spec: shape({
    holderIdentity: text,
    leaseDurationSeconds: int32,
    leaseTransitions: int32,
    acquireTime: nullableTime,
    renewTime: nullableTime,
    preferredHolder: text,
    strategy: text,
  }),
});

export const storageClassSchema = kindShape(
  {
    provisioner: text,
    parameters: mapOf(text),
    reclaimPolicy: text,
    mountOptions: listOf(text),
    allowVolumeExpansion: flag,
    volumeBindingMode: text,
    allowedTopologies: listOf(open),
  },
  ['provisioner'],
);

const names = shape(
  {
    plural: text,
    singular: text,
    kind: text,
    listKind: text,
    shortNames: listOf(text),
    categories: listOf(text),
  },
  ['plural', 'kind'],
);

const crdVersion = shape(
  {
    name: text,
    served: flag,
    storage: flag,
    deprecated: flag,
    deprecationWarning: text,
    schema: shape({ openAPIV3Schema: open }),
    subresources: shape({
      status: open,
      scale: shape({ specReplicasPath: text, statusReplicasPath: text, labelSelectorPath: text }, [
        'specReplicasPath',
        'statusReplicasPath',
      ]),
    }),
    additionalPrinterColumns: listOf(
      shape(
        {
          name: text,
          type: text,
          format: text,
          description: text,
          priority: int32,
          jsonPath: text,
        },
        ['name', 'type', 'jsonPath'],
      ),
    ),
    selectableFields: listOf(shape({ jsonPath: text }, ['jsonPath'])),
  },
  ['name', 'served', 'storage'],
);

export const crdSchema = kindShape(
  {
    spec: shape(
      {
        group: text,
        names,
        scope: { ...text, enum: ['Cluster', 'Namespaced'] },
        versions: listOf(crdVersion),
        conversion: open,
        preserveUnknownFields: flag,
      },
      ['group', 'names', 'scope', 'versions'],
    ),
    status: shape({
      conditions: listOf(condition),
      acceptedNames: { ...names, required: [] },
      storedVersions: listOf(text),
      observedGeneration: int64,
    }),
  },
  ['spec'],
);
