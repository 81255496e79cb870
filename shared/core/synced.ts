import type { Kind } from '#shared/contract/kinds.ts';
import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Policy } from '#shared/contract/records.ts';
import { isSynced } from './surveys.ts';
import type { View } from './view.ts';

const disks: readonly Kind[] = ['DataVolume', 'PersistentVolumeClaim'];
const poolKinds: readonly Kind[] = [
  'VirtualMachinePool',
  'VirtualMachine',
  ...disks,
  'ControllerRevision',
];
const replicaSetKinds: readonly Kind[] = [
  'VirtualMachineInstanceReplicaSet',
  'VirtualMachineInstance',
  ...disks,
];

/**
 * Kinds that a decision about this set needs and whose absence proves nothing now. PersistentVolumes are
 * not among them: they follow their claims, and are named by those.
 */
export function unsyncedKinds(view: View, set: ScaledSet, policy: Policy): readonly Kind[] {
  return kindsFor(set, policy).filter((kind) => !isSynced(view, kind));
}

/** Log time since which the first of these kinds has been unsynced. */
export function unsyncedSince(view: View, kinds: readonly Kind[]): number {
  return Math.min(...kinds.map((kind) => view.kinds.get(kind)?.since ?? view.bornAt));
}

/** While KubeVirt's controllers run, a pool that heals contests the replica sets beside it, too. */
function kindsFor(set: ScaledSet, policy: Policy): readonly Kind[] {
  if (set.kind === 'VirtualMachinePool') return poolKinds;
  return policy.kubevirtControllers === 'running'
    ? [...replicaSetKinds, 'VirtualMachinePool']
    : replicaSetKinds;
}
