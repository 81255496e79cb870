import type { RawObject } from '#shared/cluster/cluster.ts';

/** What differs on a cluster that is not ours. */
export type PoolPlace = {
  readonly namespace: string;
  /** Of pools in this cluster. */
  readonly apiVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
};

const inSandbox: PoolPlace = {
  namespace: 'default',
  apiVersion: 'pool.kubevirt.io/v1beta1',
  annotations: {},
  paused: false,
};

/** A pool whose machines stay off: only the work of keeping it at its size counts. */
export function haltedPool(name: string, replicas: number, place = inSandbox): RawObject {
  const { namespace, apiVersion, annotations, paused } = place;
  const labels = { pool: name };
  return {
    apiVersion,
    kind: 'VirtualMachinePool',
    metadata: { name, namespace, annotations },
    spec: {
      replicas,
      ...(paused && { paused }),
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec: specOf(labels) },
    },
  };
}

/** The same machine without a pool. */
export function haltedMachine(name: string, namespace: string): RawObject {
  const labels = { pool: 'none' };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name, namespace, labels },
    spec: specOf(labels),
  };
}

function specOf(labels: Readonly<Record<string, string>>) {
  return {
    runStrategy: 'Halted',
    template: { metadata: { labels }, spec: { domain: { devices: {} } } },
  };
}
