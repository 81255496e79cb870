import type { KubeObject } from '../store/types.ts';
import { at, textAt } from './read.ts';
import { defaultClass, provisioner } from './storage-class.ts';

export const volumeFinalizer = 'kubernetes.io/pv-protection';

export function volumeNameFor(claim: KubeObject): string {
  return `pvc-${claim.metadata.uid}`;
}

/** A volume of exactly the size asked for, tied to the claim from the start. */
export function newVolume(claim: KubeObject): Readonly<Record<string, unknown>> {
  const { name, namespace, uid } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeNameFor(claim),
      annotations: { 'pv.kubernetes.io/provisioned-by': provisioner },
      finalizers: [volumeFinalizer],
    },
    spec: {
      capacity: { storage: at(claim, 'spec', 'resources', 'requests', 'storage') ?? '1Gi' },
      accessModes: at(claim, 'spec', 'accessModes') ?? ['ReadWriteOnce'],
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: textAt(claim, 'spec', 'storageClassName') ?? defaultClass,
      volumeMode: textAt(claim, 'spec', 'volumeMode') ?? 'Filesystem',
      csi: { driver: provisioner, volumeHandle: uid },
    },
  };
}
