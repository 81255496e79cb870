import type { RawObject } from '#shared/cluster/cluster.ts';

/** A pool whose machines stay off: only the work of keeping it at its size counts. */
export function haltedPool(name: string, replicas: number): RawObject {
  const labels = { pool: name };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy: 'Halted',
          template: { metadata: { labels }, spec: { domain: { devices: {} } } },
        },
      },
    },
  };
}
