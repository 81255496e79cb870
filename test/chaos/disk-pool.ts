export type PoolWish = {
  readonly name: string;
  readonly replicas?: number;
  readonly runStrategy?: 'Always' | 'Halted';
  /** Disks of each machine, 1 when absent. */
  readonly disks?: 0 | 1;
};

/** A pool as kubectl takes it. Its machines are `<name>-<n>` and their disks `<name>-disk-<n>`. */
export function diskPool({
  name,
  replicas = 0,
  runStrategy = 'Halted',
  disks = 1,
}: PoolWish): string {
  const labels = { pool: name };
  const disk = `${name}-disk`;
  const template = {
    metadata: { name: disk },
    spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
  };
  return JSON.stringify({
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy,
          ...(disks === 1 && { dataVolumeTemplates: [template] }),
          template: {
            metadata: { labels },
            spec: {
              domain: { devices: {} },
              ...(disks === 1 && { volumes: [{ name: 'disk', dataVolume: { name: disk } }] }),
            },
          },
        },
      },
    },
  });
}
