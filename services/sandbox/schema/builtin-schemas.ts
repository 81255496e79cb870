import {
  always,
  anything,
  atomic,
  flag,
  int32,
  int64,
  intOrText,
  keyedListOf,
  kindShape,
  listOf,
  mapOf,
  open,
  shape,
  text,
  time,
  withDefault,
} from './shapes.ts';
import {
  conditions,
  labelSelector,
  nullableTime,
  objectReference,
  quantities,
  typedReference,
} from './shared-schemas.ts';

/*
 * The fields of built-in kinds, so that a misspelt one is named to the user. Types which are large and
 * which nothing here reads are open.
 */

export const namespaceSchema = kindShape({
  spec: always(shape({ finalizers: listOf(text) })),
  status: always(shape({ phase: text, conditions })),
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
    protocol: withDefault(text, 'TCP'),
    appProtocol: text,
    port: int32,
    targetPort: intOrText,
    nodePort: int32,
  },
  ['port'],
);

export const serviceSchema = kindShape({
  spec: always(
    shape({
      type: withDefault(text, 'ClusterIP'),
      selector: atomic(mapOf(text)),
      ports: keyedListOf(servicePort, 'port', 'protocol'),
      clusterIP: text,
      clusterIPs: listOf(text),
      externalIPs: listOf(text),
      externalName: text,
      externalTrafficPolicy: text,
      internalTrafficPolicy: withDefault(text, 'Cluster'),
      trafficDistribution: text,
      healthCheckNodePort: int32,
      ipFamilies: listOf(text),
      ipFamilyPolicy: text,
      allocateLoadBalancerNodePorts: flag,
      loadBalancerClass: text,
      loadBalancerIP: text,
      loadBalancerSourceRanges: listOf(text),
      publishNotReadyAddresses: flag,
      sessionAffinity: withDefault(text, 'None'),
      sessionAffinityConfig: open,
    }),
  ),
  status: always(shape({ loadBalancer: open, conditions })),
});

export const eventSchema = kindShape(
  {
    involvedObject: objectReference,
    related: objectReference,
    type: text,
    reason: text,
    message: text,
    action: text,
    count: int32,
    source: always(shape({ component: text, host: text })),
    reportingComponent: always(text),
    reportingInstance: always(text),
    firstTimestamp: nullableTime,
    lastTimestamp: nullableTime,
    eventTime: always(nullableTime),
    series: shape({ count: int32, lastObservedTime: time }),
  },
  ['involvedObject'],
);

const accessModes = listOf(text);

export const claimSchema = kindShape({
  spec: always(
    shape({
      accessModes,
      resources: always(shape({ requests: quantities, limits: quantities })),
      selector: labelSelector,
      storageClassName: text,
      volumeAttributesClassName: text,
      volumeMode: text,
      volumeName: text,
      dataSource: typedReference,
      dataSourceRef: typedReference,
    }),
  ),
  status: always(
    shape({
      phase: text,
      accessModes,
      capacity: quantities,
      allocatedResources: quantities,
      allocatedResourceStatuses: mapOf(text),
      currentVolumeAttributesClassName: text,
      modifyVolumeStatus: open,
      conditions,
    }),
  ),
});

export const volumeSchema = kindShape({
  // The sources of a volume are two dozen types with one field each.
  spec: always({
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
  }),
  status: always(
    shape({
      phase: text,
      reason: text,
      message: text,
      lastPhaseTransitionTime: nullableTime,
    }),
  ),
});

export const revisionSchema = kindShape({ data: anything, revision: int64 }, ['revision']);

export const leaseSchema = kindShape({
  spec: always(
    shape({
      holderIdentity: text,
      leaseDurationSeconds: int32,
      leaseTransitions: int32,
      acquireTime: nullableTime,
      renewTime: nullableTime,
      preferredHolder: text,
      strategy: text,
    }),
  ),
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
      conditions,
      acceptedNames: { ...names, required: [] },
      storedVersions: listOf(text),
      observedGeneration: int64,
    }),
  },
  ['spec'],
);
