import type { RecordedRequest } from './transcripts.ts';

/* Requests that the recordings made without writing them down. */

/** Where pools of a version are, in the default namespace. */
export function poolsPath(version: string): string {
  return `/apis/pool.kubevirt.io/${version}/namespaces/default/virtualmachinepools`;
}

const curl = { 'user-agent': 'curl/7.88.1' };

/** Makes a pool. */
export function post(body: unknown): RecordedRequest {
  const headers = { ...curl, 'content-type': 'application/json' };
  return { method: 'POST', path: poolsPath('v1beta1'), headers, body };
}

/** Merges a patch into a pool. */
export function patch(name: string, body: unknown): RecordedRequest {
  const headers = { ...curl, 'content-type': 'application/merge-patch+json' };
  return { method: 'PATCH', path: `${poolsPath('v1beta1')}/${name}`, headers, body };
}

/** Deletes a pool. */
export function remove(name: string): RecordedRequest {
  return { method: 'DELETE', path: `${poolsPath('v1beta1')}/${name}`, headers: curl };
}

/** The pool whose recorded body lost its second field of one name. */
export const dup = {
  apiVersion: 'pool.kubevirt.io/v1beta1',
  kind: 'VirtualMachinePool',
  metadata: { name: 'dup' },
  spec: { replicas: 2, selector: {}, virtualMachineTemplate: {} },
};

/** Makes a namespace. */
export function postNamespace(name: string): RecordedRequest {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  return { ...post(body), path: '/api/v1/namespaces' };
}

/** Something that holds its namespace when that is deleted. */
export function postHeld(namespace: string): RecordedRequest {
  const metadata = { name: 'held', finalizers: ['example.com/held'] };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  return { ...post(body), path: `/api/v1/namespaces/${namespace}/configmaps` };
}

/** A metric: half of the CPU that is asked for. */
export const halfOfCpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};

/** What kubectl sends as protobuf, in JSON. */
export function postAutoscaler(
  version: string,
  more: Readonly<Record<string, unknown>>,
): RecordedRequest {
  const target = { kind: 'VirtualMachinePool', name: 'vm-pool-cirros' };
  const scaleTargetRef = { ...target, apiVersion: 'pool.kubevirt.io/v1beta1' };
  const body = {
    apiVersion: `autoscaling/${version}`,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'vm-pool-cirros' },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 5, ...more },
  };
  const folder = `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  return { ...post(body), path: `${folder}?fieldManager=kubectl-autoscale` };
}

/** Makes a claim. */
export function postClaim(name: string): RecordedRequest {
  const resources = { requests: { storage: '1Gi' } };
  const spec = { accessModes: ['ReadWriteOnce'], resources };
  const body = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec };
  return { ...post(body), path: '/api/v1/namespaces/default/persistentvolumeclaims' };
}

/** Lets go of a claim that waits to be deleted. */
export function freeClaim(name: string): RecordedRequest {
  const { headers } = patch(name, {});
  const path = `/api/v1/namespaces/default/persistentvolumeclaims/${name}`;
  return { method: 'PATCH', path, headers, body: { metadata: { finalizers: null } } };
}

/** A pool as the recordings made many, with labels of its own. */
export function watched(
  name: string,
  own: Readonly<Record<string, string>> = { in: 'yes' },
  finalizers?: readonly string[],
): unknown {
  const labels = { p: name };
  const template = { metadata: { labels }, spec: { domain: { devices: {} } } };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: {
      name,
      ...(Object.keys(own).length > 0 && { labels: own }),
      ...(finalizers && { finalizers }),
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec: { runStrategy: 'Halted', template } },
    },
  };
}

const cirrosLabels = { 'kubevirt.io/vmpool': 'vm-pool-cirros' };
/** The pool of the seeds. */
export const cirrosPool = {
  apiVersion: 'pool.kubevirt.io/v1alpha1',
  kind: 'VirtualMachinePool',
  metadata: { name: 'vm-pool-cirros' },
  spec: {
    replicas: 3,
    selector: { matchLabels: cirrosLabels },
    virtualMachineTemplate: {
      metadata: { labels: cirrosLabels },
      spec: {
        runStrategy: 'Always',
        template: {
          metadata: { labels: cirrosLabels },
          spec: {
            domain: {
              devices: { disks: [{ disk: { bus: 'virtio' }, name: 'containerdisk' }] },
              resources: { requests: { memory: '128Mi' } },
            },
            terminationGracePeriodSeconds: 0,
            volumes: [
              {
                containerDisk: { image: 'kubevirt/cirros-container-disk-demo:latest' },
                name: 'containerdisk',
              },
            ],
          },
        },
      },
    },
  },
};
