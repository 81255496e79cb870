import type { KubeObject } from '../store/types.ts';
import { isLost } from './cluster-nodes.ts';
import type { Next } from './hands.ts';
import { instanceOfLauncher, waitingReason } from './launcher-pod.ts';
import { addressOf } from './node.ts';
import { conditionOf, isDeleting, textAt } from './read.ts';
import type { Scene } from './scene.ts';

/** How long a pod may stay on a node that nobody hears of; five minutes in a real cluster. */
const unreachableMs = 10_000;

/**
 * Keeps a launcher pod as its instance is: Pending until that runs, ready while its node is heard of, ended
 * with it. Pods that belong to no instance are left alone.
 */
export function tendPod(scene: Scene, pod: KubeObject): Next {
  const instance = instanceOfLauncher(scene, pod);
  const lost = onLostNode(scene, pod);
  if (isDeleting(pod)) return letGo(scene, pod, instance);
  if (instance === undefined) return undefined;
  const phase = textAt(instance, 'status', 'phase');
  switch (phase) {
    case 'Succeeded':
    case 'Failed':
      return lost || textAt(pod, 'status', 'phase') === phase ? undefined : end(scene, pod, phase);
    case 'Running':
      return lost ? abandon(scene, pod) : run(scene, pod, instance);
    default:
      return wait(scene, pod, instance);
  }
}

/** Whether a pod stands on a node that is lost, or gone from the cluster. */
export function onLostNode({ mirror }: Scene, pod: KubeObject): boolean {
  const name = textAt(pod, 'spec', 'nodeName');
  if (name === undefined) return false;
  const node = mirror.see('Node', '', name);
  return node === undefined || isLost(node);
}

/** The node lets a pod go when its guest has shut down; a node that is lost cannot. */
function letGo(scene: Scene, pod: KubeObject, instance: KubeObject | undefined): Next {
  if (onLostNode(scene, pod)) return undefined;
  const phase = textAt(instance, 'status', 'phase');
  const stillRuns = phase === 'Running' || phase === 'Scheduled' || phase === 'Scheduling';
  return stillRuns ? undefined : scene.hands.removeNow(pod, 'kubelet');
}

function run(scene: Scene, pod: KubeObject, instance: KubeObject): Next {
  if (textAt(conditionOf(pod, 'Ready'), 'status') === 'True') return undefined;
  const podIP = addressOf(instance);
  return scene.hands.patchStatus(pod, 'kubelet', {
    phase: 'Running',
    reason: null,
    startTime: textAt(pod, 'status', 'startTime') ?? scene.now(),
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: podConditions('True', scene.now()),
    containerStatuses: [
      {
        name: 'compute',
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: scene.now() } },
      },
    ],
  });
}

function podConditions(ready: 'True' | 'False', time: string): readonly unknown[] {
  return [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: time },
    { type: 'ContainersReady', status: ready, lastTransitionTime: time },
    { type: 'Ready', status: ready, lastTransitionTime: time },
  ];
}

/** Not ready as soon as its node is lost, and marked for deletion when that lasts. */
function abandon(scene: Scene, pod: KubeObject): Next {
  if (textAt(conditionOf(pod, 'Ready'), 'status') !== 'False') {
    const conditions = podConditions('False', scene.now());
    return scene.hands.patchStatus(pod, 'kube-controller-manager', { conditions });
  }
  const left = scene.stages.left(pod, 'unreachable', unreachableMs);
  return left > 0 ? left : scene.hands.remove(pod, 'kube-controller-manager');
}

function end(scene: Scene, pod: KubeObject, phase: string): Next {
  const conditions = podConditions('False', scene.now());
  return scene.hands.patchStatus(pod, 'kubelet', { phase, conditions, containerStatuses: [] });
}

/** What holds an instance up shows on its pod: no node for it, or no image. */
function wait(scene: Scene, pod: KubeObject, instance: KubeObject): Next {
  const scheduled = conditionOf(instance, 'PodScheduled');
  const known = conditionOf(pod, 'PodScheduled');
  if (scheduled !== undefined && known === undefined) {
    return scene.hands.patchStatus(pod, 'kube-controller-manager', { conditions: [scheduled] });
  }
  const reason = waitingReason(instance);
  if (reason === undefined || reason === textAt(pod, 'status', 'reason')) return undefined;
  const state = { waiting: { reason } };
  const status = { name: 'compute', ready: false, restartCount: 0, state };
  return scene.hands.patchStatus(pod, 'kubelet', { reason, containerStatuses: [status] });
}
