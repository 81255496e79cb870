import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { volumeFinalizer } from './new-volume.ts';
import { hasFinalizer, isDeleting, textAt } from './read.ts';
import type { Scene } from './scene.ts';

/** Follows the claim of a volume: bound while it lives, then deleted, or kept where the policy says so. */
export function tendVolume(scene: Scene, volume: KubeObject): Next {
  const uid = textAt(volume, 'spec', 'claimRef', 'uid');
  const claim = claimOf(scene, volume);
  const lives = uid !== undefined && claim?.metadata.uid === uid;
  if (lives) {
    const bound = textAt(claim, 'status', 'phase') === 'Bound';
    return bound ? tell(scene, volume, 'Bound') : undefined;
  }
  if (isDeleting(volume)) return release(scene, volume);
  if (uid === undefined) return tell(scene, volume, 'Available');
  return textAt(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Delete'
    ? scene.hands.remove(volume, 'kube-controller-manager')
    : tell(scene, volume, 'Released');
}

function claimOf({ mirror }: Scene, volume: KubeObject): KubeObject | undefined {
  const namespace = textAt(volume, 'spec', 'claimRef', 'namespace');
  const name = textAt(volume, 'spec', 'claimRef', 'name');
  if (namespace === undefined || name === undefined) return undefined;
  return mirror.see('PersistentVolumeClaim', namespace, name);
}

function tell({ hands }: Scene, volume: KubeObject, phase: string): Next {
  if (textAt(volume, 'status', 'phase') === phase) return undefined;
  return hands.patchStatus(volume, 'kube-controller-manager', { phase });
}

function release({ hands }: Scene, volume: KubeObject): Next {
  if (!hasFinalizer(volume, volumeFinalizer)) return undefined;
  const finalizers = volume.metadata.finalizers?.filter((one) => one !== volumeFinalizer);
  return hands.patch(volume, 'kube-controller-manager', { metadata: { finalizers } });
}
