import { isRecord } from '#shared/lib/canonical.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import { disksOf, specOf } from './mirror.ts';
import type { Random } from './random.ts';

/** A set that people want in a history. */
export type SetPlan = {
  readonly kind: 'VirtualMachinePool' | 'VirtualMachineInstanceReplicaSet';
  readonly namespace: string;
  readonly name: string;
  /** Disks of each machine. */
  readonly disks: number;
  /** Most members at the beginning. */
  readonly most: number;
  /** Value of the label that its members are found by; the set's name when absent. */
  readonly app?: string;
  /** Finalizers of others that the set has from its beginning. */
  readonly finalizers?: readonly string[];
};

export function memberKindOf(kind: string): 'VirtualMachine' | 'VirtualMachineInstance' {
  return kind === 'VirtualMachinePool' ? 'VirtualMachine' : 'VirtualMachineInstance';
}

/** One to three sets in one or two namespaces; often two whose disks would have the same names. */
export function planSets(random: Random): readonly SetPlan[] {
  const count = random.between(1, 3);
  return Array.from({ length: count }, (_, at): SetPlan => {
    const namespace = random.chance(0.7) ? 'blue' : 'green';
    const most = random.chance(0.15) ? 20 : 5;
    if (random.chance(0.4)) {
      const kind = 'VirtualMachineInstanceReplicaSet';
      return { kind, namespace, name: `batch-${at}`, disks: 0, most };
    }
    const disks = random.chance(0.6) ? random.between(1, 2) : 0;
    return { kind: 'VirtualMachinePool', namespace, name: `pool-${at}`, disks, most };
  });
}

/** Names of the disks in a pool's template, to which each member adds its ordinal. */
export function stemsOf(pool: KubeObject): readonly string[] {
  const template = specOf(pool)['virtualMachineTemplate'];
  return disksOf({ ...pool, spec: isRecord(template) ? template['spec'] : {} });
}

export function makeSet(plan: SetPlan, replicas: number): Readonly<Record<string, unknown>> {
  const { name, namespace, finalizers } = plan;
  const labels = { app: plan.app ?? name };
  const metadata = { name, namespace, labels, ...(finalizers && { finalizers }) };
  const selector = { matchLabels: labels };
  if (plan.kind === 'VirtualMachineInstanceReplicaSet') {
    const template = { metadata: { labels }, spec: { domain: { devices: {} } } };
    const spec = { replicas, selector, template };
    return { apiVersion: 'kubevirt.io/v1', kind: plan.kind, metadata, spec };
  }
  // Pools of one namespace use the same names for their disks: `root-0` can have one owner only.
  const disks = ['root', 'data'].slice(0, plan.disks);
  const virtualMachineTemplate = {
    metadata: { labels },
    spec: {
      runStrategy: 'Always',
      ...(disks.length > 0 && { dataVolumeTemplates: disks.map(diskTemplate) }),
      template: {
        metadata: { labels },
        spec: {
          domain: { devices: {} },
          volumes: disks.map((disk) => ({ name: disk, dataVolume: { name: disk } })),
        },
      },
    },
  };
  const spec = { replicas, selector, virtualMachineTemplate };
  return { apiVersion: 'pool.kubevirt.io/v1beta1', kind: plan.kind, metadata, spec };
}

function diskTemplate(name: string): Readonly<Record<string, unknown>> {
  const storage = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  };
  return { metadata: { name }, spec: { source: { blank: {} }, storage } };
}
