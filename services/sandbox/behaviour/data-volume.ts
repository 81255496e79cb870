import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { claimFor, ownerOfClaim } from './new-claim.ts';
import { at, controllerOf, isControlledBy, isDeleting, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { knobPrefix, troubleNamed } from './troubles.ts';

const importMs = 150;

/**
 * A DataVolume makes its claim, waits until that is bound, and is filled: at once from nothing, after a
 * moment from a source. A filled one is never looked at again, as in CDI.
 */
export function tendDataVolume(scene: Scene, volume: KubeObject): Next {
  const phase = textAt(volume, 'status', 'phase');
  if (isDeleting(volume) || phase === 'Succeeded' || phase === 'Failed') return undefined;
  if (phase === undefined) return tell(scene, volume, 'Pending');
  const { namespace = '', name } = volume.metadata;
  const claim = scene.mirror.see('PersistentVolumeClaim', namespace, name);
  if (claim === undefined) {
    const body = claimFor(volume);
    return scene.hands.create('PersistentVolumeClaim', 'cdi-controller', { namespace, body });
  }
  if (isDeleting(claim)) return undefined;
  if (!isControlledBy(claim, volume)) return adopt(scene, volume, claim);
  if (textAt(claim, 'status', 'phase') !== 'Bound') return undefined;
  return cannotBeFilled(scene, volume) ? tell(scene, volume, 'Failed') : fill(scene, volume, phase);
}

/** By `sandbox.rollcall.dev/fail: data-volume` on itself or on the machine it is for. */
function cannotBeFilled({ mirror }: Scene, volume: KubeObject): boolean {
  const owner = controllerOf(volume);
  const { namespace = '' } = volume.metadata;
  const machine =
    owner?.kind === 'VirtualMachine' ? mirror.see(owner.kind, namespace, owner.name) : undefined;
  return [volume, machine].some(
    (object) => troubleNamed(object?.metadata.annotations?.[`${knobPrefix}fail`]) === 'data-volume',
  );
}

function fill(scene: Scene, volume: KubeObject, phase: string): Next {
  if (at(volume, 'spec', 'source', 'blank') !== undefined) return tell(scene, volume, 'Succeeded');
  if (phase !== 'ImportInProgress') return tell(scene, volume, 'ImportInProgress');
  const left = scene.stages.left(volume, 'import', importMs);
  return left > 0 ? left : tell(scene, volume, 'Succeeded');
}

/** Only a claim that nobody owns is taken, and only where the DataVolume says that it may. */
function adopt(scene: Scene, volume: KubeObject, claim: KubeObject): Next {
  const allowed = volume.metadata.annotations?.['cdi.kubevirt.io/allowClaimAdoption'] === 'true';
  if (!allowed || controllerOf(claim) !== undefined) return undefined;
  const ownerReferences = [...(claim.metadata.ownerReferences ?? []), ownerOfClaim(volume)];
  return scene.hands.patch(claim, 'cdi-controller', { metadata: { ownerReferences } });
}

type Phase = 'Pending' | 'ImportInProgress' | 'Succeeded' | 'Failed';

function tell({ hands, now }: Scene, volume: KubeObject, phase: Phase): Next {
  const [time, done] = [now(), phase === 'Succeeded'];
  const condition = (type: string, holds: boolean): unknown => ({
    type,
    status: holds ? 'True' : 'False',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  });
  return hands.patchStatus(volume, 'cdi-controller', {
    phase,
    progress: done ? '100.0%' : 'N/A',
    claimName: volume.metadata.name,
    conditions: [
      condition('Bound', phase !== 'Pending'),
      condition('Running', phase === 'ImportInProgress'),
      condition('Ready', done),
    ],
  });
}
