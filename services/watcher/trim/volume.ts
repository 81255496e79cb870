import type { Volume } from '#shared/contract/objects.ts';
import { storageOf } from './disks.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, quantityOf, textOf, uidOf } from './read.ts';
import type { Fields } from './read.ts';

export function trimVolume(raw: Fields): Volume {
  const { storageClassName, capacity, persistentVolumeReclaimPolicy, claimRef } = fieldsOf(
    raw['spec'],
  );
  const reclaimPolicy = textOf(persistentVolumeReclaimPolicy);
  const phase = textOf(fieldsOf(raw['status'])['phase']);
  const claim = readClaimRef(claimRef);
  return {
    kind: 'PersistentVolume',
    meta: readMeta('PersistentVolume', raw['metadata']),
    ...storageOf(textOf(storageClassName), quantityOf(fieldsOf(capacity)['storage'])),
    ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
    ...(phase === undefined ? {} : { phase }),
    ...(claim === undefined ? {} : { claim }),
  };
}

function readClaimRef(raw: unknown): Volume['claim'] {
  const reference = fieldsOf(raw);
  const namespace = textOf(reference['namespace']);
  const name = textOf(reference['name']);
  if (namespace === undefined || name === undefined) return undefined;
  const uid = uidOf(reference['uid']);
  return { namespace, name, ...(uid === undefined ? {} : { uid }) };
}
