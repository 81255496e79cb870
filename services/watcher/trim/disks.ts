import type { ClaimRef } from '#shared/contract/objects.ts';
import { fieldsOf, listOf, quantityOf, textOf } from './read.ts';

export type Storage = { readonly storageClass?: string; readonly size?: string };
export type DiskTemplate = Storage & { readonly name: string };

/** The dataVolumeTemplates of a VM spec. */
export function readDisks(vmSpec: unknown): DiskTemplate[] {
  return listOf(fieldsOf(vmSpec)['dataVolumeTemplates']).flatMap((template) => {
    const { metadata, spec } = fieldsOf(template);
    const name = textOf(fieldsOf(metadata)['name']);
    return name === undefined ? [] : [{ name, ...readStorage(spec) }];
  });
}

/** Class and size that a DataVolume spec asks for, in its new form or the old one. */
export function readStorage(dataVolumeSpec: unknown): Storage {
  const { storage, pvc } = fieldsOf(dataVolumeSpec);
  return readClaimSpec(storage ?? pvc);
}

/** Class and size that a PersistentVolumeClaim spec asks for. */
export function readClaimSpec(spec: unknown): Storage {
  const { storageClassName, resources } = fieldsOf(spec);
  const size = quantityOf(fieldsOf(fieldsOf(resources)['requests'])['storage']);
  return storageOf(textOf(storageClassName), size);
}

export function storageOf(storageClass: string | undefined, size: string | undefined): Storage {
  return {
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(size === undefined ? {} : { size }),
  };
}

/** The volumes of a VMI spec that are claims; cloud-init, secrets and the rest are left out. */
export function readClaims(vmiSpec: unknown): ClaimRef[] {
  return listOf(fieldsOf(vmiSpec)['volumes']).flatMap((volume): ClaimRef[] => {
    const { dataVolume, persistentVolumeClaim } = fieldsOf(volume);
    const byVolume = textOf(fieldsOf(dataVolume)['name']);
    if (byVolume !== undefined) return [{ kind: 'DataVolume', name: byVolume }];
    const byClaim = textOf(fieldsOf(persistentVolumeClaim)['claimName']);
    return byClaim === undefined ? [] : [{ kind: 'PersistentVolumeClaim', name: byClaim }];
  });
}
