import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { conditionOf, listAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { knobPrefix } from './troubles.ts';

const names = ['sandbox-node-1', 'sandbox-node-2', 'sandbox-node-3'];
const lostTaint = 'node.kubernetes.io/unreachable';

/** `sandbox.rollcall.dev/lost: "true"` on a node: it runs on, but nobody hears of it. */
export function isLost(node: KubeObject): boolean {
  return node.metadata.annotations?.[`${knobPrefix}lost`] === 'true';
}

/** Makes the nodes of a new cluster; one that a user deletes comes back with the next start. */
export function ensureNodes({ mirror, hands }: Scene): void {
  names
    .filter((name) => mirror.see('Node', '', name) === undefined)
    .forEach((name, index) => {
      const body = newNode(name, index);
      hands.create('Node', 'kubelet', { namespace: '', body });
    });
}

function newNode(name: string, index: number): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubevirt.io/schedulable': 'true',
        'topology.kubernetes.io/zone': `zone-${index + 1}`,
      },
    },
  };
}

/** Keeps a node Ready, or Unknown and tainted while it is lost. */
export function tendNode(scene: Scene, node: KubeObject): Next {
  const lost = isLost(node);
  const status = textAt(conditionOf(node, 'Ready'), 'status');
  const wanted = lost ? 'Unknown' : 'True';
  if (status !== wanted) return scene.hands.patchStatus(node, 'kubelet', nodeStatus(scene, node));
  const taints = listAt(node, 'spec', 'taints');
  const others = taints.filter((taint) => textAt(taint, 'key') !== lostTaint);
  const isTainted = others.length < taints.length;
  if (isTainted === lost) return undefined;
  const added = ['NoSchedule', 'NoExecute'].map((effect) => ({ key: lostTaint, effect }));
  return scene.hands.patch(node, 'kube-controller-manager', {
    spec: { taints: lost ? [...others, ...added] : others },
  });
}

const room = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '50000' };

function nodeStatus(scene: Scene, node: KubeObject): Readonly<Record<string, unknown>> {
  const { name } = node.metadata;
  const time = scene.now();
  return {
    capacity: { ...room, 'devices.kubevirt.io/kvm': '1k' },
    allocatable: { ...room, 'devices.kubevirt.io/kvm': '1k' },
    addresses: [
      { type: 'InternalIP', address: `192.0.2.${names.indexOf(name) + 11}` },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: {
      architecture: 'amd64',
      operatingSystem: 'linux',
      osImage: 'Rollcall sandbox',
      kubeletVersion: 'v1.36.2',
      kubeProxyVersion: '',
      kernelVersion: '6.12.0',
      containerRuntimeVersion: 'sandbox://1',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
    conditions: [
      isLost(node)
        ? {
            type: 'Ready',
            status: 'Unknown',
            reason: 'NodeStatusUnknown',
            message: 'Kubelet stopped posting node status.',
            lastHeartbeatTime: time,
            lastTransitionTime: time,
          }
        : {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
            lastHeartbeatTime: time,
            lastTransitionTime: time,
          },
    ],
  };
}
