import { modeAnnotation } from '#shared/contract/words.ts';
import type { GivenCluster } from '../../services/sandbox/launch/given-cluster.mjs';

/** The smallest machine that a real KubeVirt starts; with a disk of its own if one is named. */
export function instanceSpec(disk?: string) {
  const names = disk === undefined ? ['root'] : ['root', 'data'];
  return {
    domain: {
      devices: { disks: names.map((name) => ({ name, disk: { bus: 'virtio' } })) },
      resources: { requests: { memory: '128Mi' } },
    },
    terminationGracePeriodSeconds: 0,
    volumes: [
      {
        name: 'root',
        containerDisk: { image: 'quay.io/kubevirt/cirros-container-disk-demo:latest' },
      },
      ...(disk === undefined ? [] : [{ name: 'data', dataVolume: { name: disk } }]),
    ],
  };
}

/** An empty disk, of whatever class is the cluster's default. */
export const diskTemplate = {
  source: { blank: {} },
  pvc: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } },
};

export type SetPlace = {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly kubevirtControllers: GivenCluster['kubevirtControllers'];
  /** `observe` is left unsaid: it is what Rollcall does on a cluster where nobody says anything. */
  readonly mode: 'observe' | 'manage';
};

/** A pool; with a disk for each member if its machines are to have one. */
export function smallPool(
  place: SetPlace & { readonly version: string; readonly disk?: string | undefined },
) {
  const { name, version, disk } = place;
  const labels = { 'rollcall-e2e': name };
  return {
    apiVersion: `pool.kubevirt.io/${version}`,
    kind: 'VirtualMachinePool',
    ...setParts(place),
    spec: {
      ...setParts(place).spec,
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy: 'Always',
          ...(disk !== undefined && {
            dataVolumeTemplates: [{ metadata: { name: disk }, spec: diskTemplate }],
          }),
          template: { metadata: { labels }, spec: instanceSpec(disk) },
        },
      },
    },
  };
}

export function smallReplicaSet(place: SetPlace) {
  const labels = { 'rollcall-e2e': place.name };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    ...setParts(place),
    spec: {
      ...setParts(place).spec,
      template: { metadata: { labels }, spec: instanceSpec() },
    },
  };
}

/** KubeVirt's own controllers leave a paused set alone, and then it is Rollcall's to manage. */
function setParts({ name, namespace, replicas, mode, kubevirtControllers }: SetPlace) {
  const isTheirs = kubevirtControllers === 'running';
  return {
    metadata: {
      name,
      namespace,
      ...(mode === 'manage' && { annotations: { [modeAnnotation]: mode } }),
    },
    spec: {
      replicas,
      selector: { matchLabels: { 'rollcall-e2e': name } },
      ...(isTheirs && { paused: true }),
    },
  };
}
