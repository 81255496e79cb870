import { unreachable } from '#shared/lib/assert.ts';
import type { Clock, KubeObject, Store } from '../store/types.ts';
import { ensureNodes, tendNode } from './cluster-nodes.ts';
import { releaseClaim, tendClaim } from './claim.ts';
import { tendDataVolume } from './data-volume.ts';
import { createHands, type Next } from './hands.ts';
import { tendInstance } from './instance.ts';
import { type LiveKind, placeOf } from './kinds.ts';
import { tendPod } from './pod.ts';
import { podRelations, restoreLaunchers } from './pod-relations.ts';
import { tendMachine } from './machine.ts';
import { createMirror } from './mirror.ts';
import { createQueue } from './queue.ts';
import { relatedTo } from './related.ts';
import type { Scene } from './scene.ts';
import { createStages } from './stages.ts';
import { ensureDefaultClass } from './storage-class.ts';
import { tendVolume } from './volume.ts';

export type BehaviourOptions = {
  /** Whether instances have launcher pods that run on nodes; no when left out, for it doubles the objects. */
  readonly pods?: boolean;
  /** Only what Kubernetes itself does: nothing becomes of machines and disks, and deleted claims go. */
  readonly bare?: boolean;
};

/**
 * Gives machines, instances, disks and claims the life that KubeVirt, CDI and the volume controllers give
 * them. Each look compares one object with what it should be; nothing is done inside the store's own turn.
 * At the start everything that exists is looked at. The answer stops it.
 */
export function startBehaviour(
  store: Store,
  clock: Clock,
  { pods = false, bare = false }: BehaviourOptions = {},
): () => void {
  const mirror = createMirror();
  const stages = createStages(clock);
  const now = () => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const scene: Scene = { mirror, stages, now, pods, hands: createHands(store) };
  const look = bare ? tendBarely : tend;
  const queue = createQueue(clock, (place) => {
    const object = mirror.see(place.kind, place.namespace, place.name);
    const next = object && look(scene, place.kind, object);
    if (next !== undefined) queue.addAfter(place, next);
  });
  const unsubscribe = store.subscribe((change) => {
    const place = placeOf(change.object);
    if (place === undefined) return;
    mirror.fold(change);
    if (change.type === 'DELETED') stages.forget(change.object.metadata.uid);
    else queue.add(place);
    for (const other of relatedTo(place, change.object, mirror)) queue.add(other);
    if (pods) for (const other of podRelations(place, change.object, mirror)) queue.add(other);
  });
  const known = store.dump();
  for (const object of known) mirror.put(object);
  const cancel = clock.after(0, () => {
    if (!bare) ensureDefaultClass(scene);
    if (!pods) return;
    ensureNodes(scene);
    restoreLaunchers(scene);
  });
  for (const object of known) {
    const place = placeOf(object);
    if (place !== undefined) queue.add(place);
  }
  return () => {
    cancel();
    unsubscribe();
    queue.stop();
  };
}

function tendBarely(scene: Scene, kind: LiveKind, object: KubeObject): Next {
  return kind === 'PersistentVolumeClaim' ? releaseClaim(scene, object) : undefined;
}

function tend(scene: Scene, kind: LiveKind, object: KubeObject): Next {
  switch (kind) {
    case 'VirtualMachine':
      return tendMachine(scene, object);
    case 'VirtualMachineInstance':
      return tendInstance(scene, object);
    case 'DataVolume':
      return tendDataVolume(scene, object);
    case 'PersistentVolumeClaim':
      return tendClaim(scene, object);
    case 'PersistentVolume':
      return tendVolume(scene, object);
    case 'Pod':
      return scene.pods ? tendPod(scene, object) : undefined;
    case 'Node':
      return scene.pods ? tendNode(scene, object) : undefined;
    case 'StorageClass':
      return undefined;
    default:
      return unreachable(kind);
  }
}
