import { z } from 'zod';

/** The kinds that Rollcall watches, by their Kubernetes names. */
export const kinds = [
  'VirtualMachinePool',
  'VirtualMachineInstanceReplicaSet',
  'VirtualMachine',
  'VirtualMachineInstance',
  'DataVolume',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'ControllerRevision',
] as const;

export const kindSchema = z.enum(kinds);
export type Kind = z.infer<typeof kindSchema>;

export const setKinds = ['VirtualMachinePool', 'VirtualMachineInstanceReplicaSet'] as const;
export const setKindSchema = z.enum(setKinds);
/** A set is a pool or a replica set. */
export type SetKind = z.infer<typeof setKindSchema>;

export type KindAddress = {
  readonly group: string;
  /** Served versions, the one Rollcall uses first. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly namespaced: boolean;
};

/** Where the API server serves each kind. */
export const kindAddresses: Readonly<Record<Kind, KindAddress>> = {
  VirtualMachinePool: {
    group: 'pool.kubevirt.io',
    versions: ['v1beta1', 'v1alpha1'],
    plural: 'virtualmachinepools',
    namespaced: true,
  },
  VirtualMachineInstanceReplicaSet: {
    group: 'kubevirt.io',
    versions: ['v1'],
    plural: 'virtualmachineinstancereplicasets',
    namespaced: true,
  },
  VirtualMachine: {
    group: 'kubevirt.io',
    versions: ['v1'],
    plural: 'virtualmachines',
    namespaced: true,
  },
  VirtualMachineInstance: {
    group: 'kubevirt.io',
    versions: ['v1'],
    plural: 'virtualmachineinstances',
    namespaced: true,
  },
  DataVolume: {
    group: 'cdi.kubevirt.io',
    versions: ['v1beta1'],
    plural: 'datavolumes',
    namespaced: true,
  },
  PersistentVolumeClaim: {
    group: '',
    versions: ['v1'],
    plural: 'persistentvolumeclaims',
    namespaced: true,
  },
  PersistentVolume: {
    group: '',
    versions: ['v1'],
    plural: 'persistentvolumes',
    namespaced: false,
  },
  ControllerRevision: {
    group: 'apps',
    versions: ['v1'],
    plural: 'controllerrevisions',
    namespaced: true,
  },
};

/** `group/version` as it stands in `apiVersion`; the core group has no slash. */
export function apiVersionOf(kind: Kind): string {
  const { group, versions } = kindAddresses[kind];
  return group === '' ? `${versions[0]}` : `${group}/${versions[0]}`;
}
