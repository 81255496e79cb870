import type { KubeObject } from '../store/types.ts';
import { at, textAt } from './read.ts';
import { newLauncher, launcherNameOf, launcherOf } from './launcher-pod.ts';
import type { Place } from './kinds.ts';
import type { Mirror } from './mirror.ts';
import type { Scene } from './scene.ts';

/** Who else has to look, where there are pods, when an object changed. */
export function podRelations(place: Place, object: KubeObject, mirror: Mirror): readonly Place[] {
  const { namespace } = place;
  switch (place.kind) {
    case 'VirtualMachineInstance':
      return [{ kind: 'Pod', namespace, name: launcherNameOf(object) }];
    case 'Pod':
      return ownersOf(object);
    case 'Node':
      return [...mirror.all('Pod')]
        .filter((pod) => textAt(pod, 'spec', 'nodeName') === place.name)
        .flatMap((pod) => [podPlace(pod), ...ownersOf(pod)]);
    default:
      return [];
  }
}

function podPlace({ metadata: { namespace = '', name } }: KubeObject): Place {
  return { kind: 'Pod', namespace, name };
}

function ownersOf({ metadata: { namespace = '', ownerReferences = [] } }: KubeObject) {
  return ownerReferences.flatMap(({ kind, name }): readonly Place[] =>
    kind === 'VirtualMachineInstance' ? [{ kind, namespace, name }] : [],
  );
}

/**
 * Gives a pod to each instance that runs without one: a cluster that was kept without pods goes on, instead
 * of all its instances failing at once.
 */
export function restoreLaunchers(scene: Scene): void {
  for (const instance of scene.mirror.all('VirtualMachineInstance')) {
    const node = textAt(instance, 'status', 'nodeName');
    const phase = at(instance, 'status', 'phase');
    const runs = phase === 'Running' || phase === 'Scheduled';
    if (!runs || node === undefined || launcherOf(scene, instance) !== undefined) continue;
    const body = newLauncher(instance, node);
    const { namespace = '' } = instance.metadata;
    scene.hands.create('Pod', 'virt-controller', { namespace, body });
  }
}
