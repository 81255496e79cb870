import { milliOf, quantityOfMilli } from '../hpa/quantity.ts';
import type { KubeObject } from '../store/types.ts';
import { apiVersionFor } from './kinds.ts';
import { spread } from './node.ts';
import { at, listAt, numberAt, recordAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** `virt-launcher-<instance>-xxxxx`; the five characters are always the same for one uid. */
export function launcherNameOf({ metadata: { name, uid } }: KubeObject): string {
  let number = spread(`${uid}/launcher`);
  let suffix = '';
  for (let index = 0; index < 5; index += 1) {
    suffix += alphabet[number % alphabet.length] ?? '';
    number = Math.trunc(number / alphabet.length);
  }
  return `virt-launcher-${name}-${suffix}`;
}

export function launcherOf({ mirror }: Scene, instance: KubeObject): KubeObject | undefined {
  return mirror.see('Pod', instance.metadata.namespace ?? '', launcherNameOf(instance));
}

/** The instance that a pod was made for; undefined for pods of other people. */
export function instanceOfLauncher({ mirror }: Scene, pod: KubeObject): KubeObject | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== 'VirtualMachineInstance') return undefined;
  const instance = mirror.see(owner.kind, pod.metadata.namespace ?? '', owner.name);
  return instance?.metadata.uid === owner.uid ? instance : undefined;
}

/** The pod of an instance, as far as others look at it: labels for selectors, requests for autoscaling. */
export function newLauncher(
  instance: KubeObject,
  nodeName: string | undefined,
): Readonly<Record<string, unknown>> {
  const { name, namespace, uid, labels } = instance.metadata;
  return {
    apiVersion: apiVersionFor('Pod'),
    kind: 'Pod',
    metadata: {
      name: launcherNameOf(instance),
      namespace,
      labels: {
        ...labels,
        'kubevirt.io': 'virt-launcher',
        'kubevirt.io/created-by': uid,
        'vm.kubevirt.io/name': name,
      },
      annotations: { 'kubevirt.io/domain': name },
      ownerReferences: [
        {
          apiVersion: apiVersionFor('VirtualMachineInstance'),
          kind: 'VirtualMachineInstance',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      restartPolicy: 'Never',
      // KubeVirt keeps 15 seconds for itself after the grace period of the guest.
      terminationGracePeriodSeconds:
        (numberAt(instance, 'spec', 'terminationGracePeriodSeconds') ?? 30) + 15,
      containers: [
        {
          name: 'compute',
          image: 'quay.io/kubevirt/virt-launcher:v1.9.0',
          resources: { requests: requestsOf(instance) },
        },
      ],
    },
  };
}

/** A tenth of a processor for each of the guest's, as KubeVirt overcommits when nothing is asked for. */
const cpuMilliForEach = 100;
/** What KubeVirt's own processes around a guest take, about. */
const overheadBytes = 220 * 2 ** 20;

function requestsOf(instance: KubeObject): Readonly<Record<string, string>> {
  const domain = at(instance, 'spec', 'domain');
  const asked = recordAt(domain, 'resources', 'requests');
  const cpu = milliOf(asked['cpu']) ?? processorsOf(domain) * cpuMilliForEach;
  const memory = milliOf(asked['memory'] ?? at(domain, 'memory', 'guest')) ?? 0;
  return { cpu: quantityOfMilli(cpu), memory: String(Math.ceil(memory / 1000) + overheadBytes) };
}

function processorsOf(domain: unknown): number {
  const [cores, sockets, threads] = ['cores', 'sockets', 'threads'].map(
    (field) => numberAt(domain, 'cpu', field) ?? 1,
  );
  return (cores ?? 1) * (sockets ?? 1) * (threads ?? 1);
}

/** Why a pod's containers wait, in the words of the kubelet. */
export function waitingReason(instance: KubeObject): string | undefined {
  const problem = listAt(instance, 'status', 'conditions').find(
    (one) => textAt(one, 'type') === 'Synchronized' && textAt(one, 'status') === 'False',
  );
  return textAt(problem, 'reason');
}
