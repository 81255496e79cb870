import type { KubeObject } from '../store/types.ts';
import { apiVersionFor } from './kinds.ts';
import { listAt, recordAt, textAt } from './read.ts';
import { defaultClass } from './storage-class.ts';

export const claimFinalizer = 'kubernetes.io/pvc-protection';

/** The claim a DataVolume asks for in `spec.storage` or `spec.pvc`. */
export function claimFor(volume: KubeObject): Readonly<Record<string, unknown>> {
  const { name, namespace, labels } = volume.metadata;
  const asked = { ...recordAt(volume, 'spec', 'pvc'), ...recordAt(volume, 'spec', 'storage') };
  const modes = listAt(asked, 'accessModes');
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: { ...labels, app: 'containerized-data-importer' },
      finalizers: [claimFinalizer],
      ownerReferences: [ownerOfClaim(volume)],
    },
    spec: {
      accessModes: modes.length > 0 ? modes : ['ReadWriteOnce'],
      resources: recordAt(asked, 'resources'),
      storageClassName: textAt(asked, 'storageClassName') ?? defaultClass,
      volumeMode: textAt(asked, 'volumeMode') ?? 'Filesystem',
    },
  };
}

export function ownerOfClaim({ metadata }: KubeObject): Readonly<Record<string, unknown>> {
  return {
    apiVersion: apiVersionFor('DataVolume'),
    kind: 'DataVolume',
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
