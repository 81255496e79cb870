import { isRecord } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import { at, listAt, numberAt, textAt } from '../behaviour/read.ts';
import { knobPrefix } from '../behaviour/troubles.ts';
import { milliOf } from '../hpa/quantity.ts';
import type { Caller, KubeObject, ResourcePath, Store } from '../store/types.ts';

/** What pods use, by annotations that a user sets; asked for one round of answers, then thrown away. */
export interface Loads {
  /** `cpu` in thousandths, `memory` in thousandths of bytes, `metric.<name>` in thousandths. */
  of(pod: KubeObject, knob: string): number | undefined;
}

export const metricsCaller: Caller = {
  user: 'system:serviceaccount:kube-system:metrics-server',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};

/** What an idle guest uses. */
const idleCpuMilli = 5;

/**
 * The nearest word counts: `sandbox.rollcall.dev/cpu` (`memory`, `metric.<name>`) of the pod, its instance,
 * its machine, its set. `sandbox.rollcall.dev/total-cpu` of the set is shared by its ready members, so that
 * more of them have less to do each. Without any, a guest idles in half of its memory.
 */
export function readLoads(store: Store): Loads {
  const seen = new Map<string, KubeObject | undefined>();
  const see = (path: ResourcePath, namespace: string, name: string): KubeObject | undefined => {
    const key = `${path.plural}/${namespace}/${name}`;
    if (!seen.has(key)) {
      const asked = {
        verb: 'get',
        resource: path,
        namespace,
        name,
        caller: metricsCaller,
      } as const;
      const { code, body } = store.handle(asked);
      seen.set(key, code === 200 && isKubeObject(body) ? body : undefined);
    }
    return seen.get(key);
  };
  const ownerOf = (object: KubeObject): KubeObject | undefined => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const path = owner && owners.get(owner.kind);
    const found = path && see(path, object.metadata.namespace ?? '', owner.name);
    return found?.metadata.uid === owner?.uid ? found : undefined;
  };
  return {
    of(pod, knob) {
      if (textAt(pod, 'status', 'phase') !== 'Running') return undefined;
      const line = lineage(pod, ownerOf);
      const said = line.map((one) => knobOf(one, knob)).find((milli) => milli !== undefined);
      return said ?? shareOf(line.at(-1), knob) ?? idle(pod, knob);
    },
  };
}

const owners: ReadonlyMap<string, ResourcePath> = new Map([
  [
    'VirtualMachineInstance',
    { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachineinstances' },
  ],
  ['VirtualMachine', { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachines' }],
  [
    'VirtualMachineInstanceReplicaSet',
    { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachineinstancereplicasets' },
  ],
  [
    'VirtualMachinePool',
    { group: 'pool.kubevirt.io', version: 'v1beta1', plural: 'virtualmachinepools' },
  ],
]);

/** A pod and those who own it, up to the set. */
function lineage(
  pod: KubeObject,
  ownerOf: (object: KubeObject) => KubeObject | undefined,
): readonly KubeObject[] {
  const line = [pod];
  for (let next = ownerOf(pod); next !== undefined && line.length < 5; next = ownerOf(next)) {
    line.push(next);
  }
  return line;
}

function knobOf(object: KubeObject, knob: string): number | undefined {
  return milliOf(object.metadata.annotations?.[knobPrefix + knob]);
}

function shareOf(set: KubeObject | undefined, knob: string): number | undefined {
  const total = set && knobOf(set, `total-${knob}`);
  if (total === undefined) return undefined;
  const members = numberAt(set, 'status', 'readyReplicas') ?? numberAt(set, 'status', 'replicas');
  return Math.ceil(total / Math.max(1, members ?? 1));
}

function idle(pod: KubeObject, knob: string): number | undefined {
  if (knob === 'cpu') return idleCpuMilli;
  if (knob !== 'memory') return undefined;
  const requests = listAt(pod, 'spec', 'containers').map(
    (one) => milliOf(at(one, 'resources', 'requests', 'memory')) ?? 0,
  );
  // Whole kibibytes, as they are counted.
  const bytes = requests.reduce((sum, one) => sum + one, 0) / 2000;
  return Math.ceil(bytes / 1024) * 1024 * 1000;
}

/** The names of the metrics that annotations in the cluster speak of. */
export function metricNames(store: Store): readonly string[] {
  const prefixes = [`${knobPrefix}metric.`, `${knobPrefix}total-metric.`];
  const names = store
    .dump()
    .flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}))
    .flatMap((key) => {
      const prefix = prefixes.find((one) => key.startsWith(one));
      return prefix === undefined ? [] : [key.slice(prefix.length)];
    });
  return [...new Set(names)].toSorted(compareText);
}

export function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}
