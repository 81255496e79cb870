import type { RawObject } from '#shared/cluster/cluster.ts';
import type { Kind } from '#shared/contract/kinds.ts';

/** Strings that stand for secrets; none may ever be found in what is told of an object. */
export const canary = 'canary-5e1f0d';

const userData = `#cloud-config\npassword: ${canary}`;

function metadata(name: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    name,
    namespace: 'shop',
    uid: `uid-of-${name}`,
    resourceVersion: '4711',
    generation: 3,
    creationTimestamp: '2026-11-21T10:00:00Z',
    labels: { app: 'web' },
    annotations: {
      'rollcall.dev/mode': 'manage',
      'kubectl.kubernetes.io/last-applied-configuration': `{"userData":"${canary}"}`,
    },
    finalizers: ['pool.kubevirt.io/finalizer'],
    ownerReferences: [
      {
        apiVersion: 'pool.kubevirt.io/v1beta1',
        kind: 'VirtualMachinePool',
        name: 'web',
        uid: 'uid-of-web',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: [
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-11-21T10:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {}, [`f:${canary}`]: {} } },
      },
      {
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-11-21T11:00:00Z',
        subresource: 'scale',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
      {
        manager: 'virt-controller',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-11-21T12:00:00Z',
        subresource: 'status',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:status': { 'f:conditions': {}, 'f:replicas': {} } },
      },
    ],
    ...more,
  };
}

const dataVolumeTemplate = {
  metadata: { name: 'root', annotations: { note: canary } },
  spec: {
    storage: { resources: { requests: { storage: '10Gi' } }, storageClassName: 'fast' },
    source: { http: { url: `https://user:${canary}@images`, secretRef: canary } },
  },
};

const vmiSpec = {
  accessCredentials: [{ userPassword: { source: { secret: { secretName: canary } } } }],
  domain: {
    devices: { disks: [{ name: 'root', serial: canary }] },
    firmware: { serial: canary },
  },
  nodeSelector: { zone: 'a' },
  volumes: [
    { name: 'root', dataVolume: { name: 'root' } },
    { name: 'extra', persistentVolumeClaim: { claimName: 'shared' } },
    { name: 'ci', cloudInitNoCloud: { userData, networkData: canary } },
    { name: 'ignition', cloudInitConfigDrive: { userDataBase64: canary } },
    { name: 'sysprep', sysprep: { secret: { name: canary } } },
  ],
};

export const vmTemplate = {
  metadata: { labels: { app: 'web' }, annotations: { token: canary } },
  spec: {
    runStrategy: 'Always',
    dataVolumeTemplates: [dataVolumeTemplate],
    template: { metadata: { labels: { app: 'web' }, annotations: { a: canary } }, spec: vmiSpec },
  },
};

const conditions = [
  {
    type: 'Ready',
    status: 'True',
    reason: 'Fine',
    message: `the API server said: ${canary}`,
    lastProbeTime: null,
    lastTransitionTime: '2026-11-21T12:00:00Z',
  },
];

const selectionPolicy = {
  sortPolicy: 'Oldest',
  selectors: {
    labelSelector: { matchLabels: { tier: 'front' } },
    nodeSelectorRequirementMatcher: [{ key: 'zone', operator: 'In', values: ['a'] }],
  },
};
const setStatus = {
  currentRevision: 'web-1',
  updateRevision: 'web-2',
  replicas: 2,
  readyReplicas: 1,
  labelSelector: 'app=web',
  conditions,
};
const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }],
};
const requests = { storage: '10Gi' };

/** One whole object of each kind, with a canary wherever something secret may stand. */
export const samples: Readonly<Record<Kind, RawObject>> = {
  VirtualMachinePool: {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: metadata('web'),
    spec: {
      replicas: 3,
      paused: false,
      selector,
      virtualMachineTemplate: vmTemplate,
      nameGeneration: { appendIndexToSecretRefs: true },
      autohealing: { startUpFailureThreshold: 2, minFailingToStartDuration: '10m' },
      maxUnavailable: '25%',
      minReadySeconds: 5,
      scaleInStrategy: {
        proactive: { statePreservation: 'Offline', selectionPolicy, note: canary },
      },
      updateStrategy: { proactive: { selectionPolicy }, note: canary },
    },
    status: setStatus,
  },
  VirtualMachineInstanceReplicaSet: {
    metadata: metadata('group', {
      annotations: { 'kubevirt.io/latest-observed-api-version': 'v1', other: canary },
    }),
    spec: {
      replicas: 2,
      selector,
      template: {
        metadata: { generateName: 'group-', labels: { app: 'web' }, annotations: { a: canary } },
        spec: vmiSpec,
      },
    },
    status: setStatus,
  },
  VirtualMachine: {
    metadata: metadata('web-0'),
    spec: vmTemplate.spec,
    status: {
      printableStatus: 'Running',
      conditions,
      startFailure: { consecutiveFailCount: 2, message: canary },
      volumeRequests: [canary],
    },
  },
  VirtualMachineInstance: {
    metadata: metadata('web-0'),
    spec: vmiSpec,
    status: {
      phase: 'Running',
      nodeName: 'node-1',
      conditions,
      interfaces: [{ ipAddress: canary }],
    },
  },
  DataVolume: {
    metadata: metadata('root-0'),
    spec: dataVolumeTemplate.spec,
    status: { phase: 'Succeeded', claimName: 'root-0', conditions },
  },
  PersistentVolumeClaim: {
    metadata: metadata('root-0'),
    spec: { storageClassName: 'fast', resources: { requests }, volumeName: 'pv-1' },
    status: { phase: 'Bound', capacity: { storage: '11Gi' }, conditions },
  },
  PersistentVolume: {
    metadata: metadata('pv-1', { namespace: undefined }),
    spec: {
      storageClassName: 'fast',
      capacity: { storage: '11Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { namespace: 'shop', name: 'root-0', uid: 'uid-of-root-0' },
      csi: { driver: 'd', volumeHandle: canary, volumeAttributes: { password: canary } },
    },
    status: { phase: 'Bound', message: canary },
  },
  ControllerRevision: {
    metadata: metadata('web-3'),
    revision: 3,
    data: { replicas: 3, selector, virtualMachineTemplate: vmTemplate },
  },
};
