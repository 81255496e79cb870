import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { notReady, transitions } from './instance-status.ts';
import { launcherOf } from './launcher-pod.ts';
import { onLostNode } from './pod.ts';
import { at, conditionOf, isDeleting, listAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';

const shutdownMs = 100;

/**
 * What becomes of an instance with its pod: not ready while that is leaving, Succeeded when the guest has
 * had its time to shut down, Failed when the pod is gone without. `well` while the pod stands.
 */
export function followLauncher(
  scene: Scene,
  instance: KubeObject,
): 'well' | { readonly next: Next } {
  const pod = launcherOf(scene, instance);
  if (pod === undefined) {
    const why = notReady('PodNotExists', 'virt-launcher pod is gone', scene.now());
    return { next: end(scene, instance, { phase: 'Failed', ready: why }) };
  }
  if (isDeleting(pod)) return { next: leave(scene, instance, pod) };
  return textAt(instance, 'status', 'phase') === 'Running'
    ? copyReadiness(scene, instance, pod)
    : 'well';
}

function leave(scene: Scene, instance: KubeObject, pod: KubeObject): Next {
  const ready = conditionOf(instance, 'Ready');
  if (textAt(ready, 'reason') !== 'PodTerminating') {
    const why = notReady('PodTerminating', 'virt-launcher pod is terminating', scene.now());
    return tellReady(scene, instance, why);
  }
  if (onLostNode(scene, pod)) return undefined;
  const left = scene.stages.left(instance, 'pod-shutdown', shutdownMs);
  return left > 0 ? left : end(scene, instance, { phase: 'Succeeded', ready });
}

/** A pod that is not ready before its instance runs says nothing yet. */
function copyReadiness(
  scene: Scene,
  instance: KubeObject,
  pod: KubeObject,
): 'well' | { readonly next: Next } {
  const [ours, theirs] = [conditionOf(instance, 'Ready'), conditionOf(pod, 'Ready')];
  const status = textAt(theirs, 'status');
  if (status === undefined || status === textAt(ours, 'status')) return 'well';
  const since = textAt(theirs, 'lastTransitionTime') ?? scene.now();
  const copied = { type: 'Ready', status, lastProbeTime: null, lastTransitionTime: since };
  return { next: tellReady(scene, instance, copied) };
}

function tellReady({ hands }: Scene, instance: KubeObject, ready: unknown): Next {
  const conditions = [ready, ...othersOf(instance)];
  return hands.patch(instance, 'virt-controller', { status: { conditions } });
}

type End = { readonly phase: 'Succeeded' | 'Failed'; readonly ready: unknown };

function end({ hands, now }: Scene, instance: KubeObject, { phase, ready }: End): Next {
  return hands.patch(instance, 'virt-controller', {
    status: {
      phase,
      conditions: [ready, ...othersOf(instance)],
      ...transitions(instance, [phase], now()),
    },
  });
}

function othersOf(instance: KubeObject): readonly unknown[] {
  return listAt(instance, 'status', 'conditions').filter((one) => at(one, 'type') !== 'Ready');
}
