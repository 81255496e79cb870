import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { holdsClaims } from './instance.ts';
import { claimFinalizer } from './new-claim.ts';
import { newVolume, volumeNameFor } from './new-volume.ts';
import { at, hasFinalizer, isDeleting, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { defaultClass } from './storage-class.ts';

/** Gives each claim a volume of its own, and keeps one that is in use from going away. */
export function tendClaim(scene: Scene, claim: KubeObject): Next {
  if (isDeleting(claim)) return releaseClaim(scene, claim);
  if (textAt(claim, 'status', 'phase') === 'Bound') return undefined;
  const name = textAt(claim, 'spec', 'volumeName');
  if (name !== undefined) return bind(scene, claim, name);
  if (scene.mirror.see('PersistentVolume', '', volumeNameFor(claim)) === undefined) {
    const body = newVolume(claim);
    return scene.hands.create('PersistentVolume', 'sandbox-provisioner', { namespace: '', body });
  }
  return scene.hands.patch(claim, 'kube-controller-manager', {
    metadata: {
      annotations: { 'pv.kubernetes.io/bind-completed': 'yes' },
      ...(!hasFinalizer(claim, claimFinalizer) && {
        finalizers: [...(claim.metadata.finalizers ?? []), claimFinalizer],
      }),
    },
    spec: {
      volumeName: volumeNameFor(claim),
      storageClassName: textAt(claim, 'spec', 'storageClassName') ?? defaultClass,
    },
  });
}

function bind({ mirror, hands }: Scene, claim: KubeObject, name: string): Next {
  const volume = mirror.see('PersistentVolume', '', name);
  const bound = textAt(volume, 'spec', 'claimRef', 'uid');
  if (bound !== claim.metadata.uid) return undefined;
  return hands.patchStatus(claim, 'kube-controller-manager', {
    phase: 'Bound',
    accessModes: at(volume, 'spec', 'accessModes'),
    capacity: at(volume, 'spec', 'capacity'),
  });
}

/** Lets a deleted claim go. An instance that runs on it holds it; its end wakes the claim. */
export function releaseClaim({ mirror, hands }: Scene, claim: KubeObject): Next {
  if (!isDeleting(claim) || !hasFinalizer(claim, claimFinalizer)) return undefined;
  const { namespace = '', name } = claim.metadata;
  const held = mirror.usersOf(namespace, name).some((user) => {
    if (user.kind !== 'VirtualMachineInstance') return false;
    const instance = mirror.see(user.kind, user.namespace, user.name);
    return instance !== undefined && holdsClaims(instance);
  });
  if (held) return undefined;
  const finalizers = claim.metadata.finalizers?.filter((one) => one !== claimFinalizer);
  return hands.patch(claim, 'kube-controller-manager', { metadata: { finalizers } });
}
