import type { RawObject } from '#shared/cluster/cluster.ts';
import type { Examination } from '../doctor/examination.ts';
import { liveSet } from '../live-sets.ts';
import type { LiveSet } from '../live-sets.ts';

export const now = new Date('2026-11-21T04:00:00.000Z');

/** Fields that a test sets on an object of the cluster. */
export type Fields = {
  readonly namespace?: string;
  readonly spec?: object;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deleted?: true;
  readonly owner?: { readonly kind: string; readonly uid: string };
};

export function anObject(kind: string, name: string, fields: Fields = {}): RawObject {
  const { namespace = 'shop', spec, labels, annotations, finalizers, deleted, owner } = fields;
  return {
    kind,
    metadata: {
      name,
      namespace,
      uid: `${name}-uid`,
      resourceVersion: '7',
      creationTimestamp: '2026-11-21T03:00:00Z',
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...(finalizers !== undefined && { finalizers }),
      ...(deleted === true && { deletionTimestamp: '2026-11-21T03:30:00Z' }),
      ...(owner !== undefined && { ownerReferences: [{ ...owner, controller: true }] }),
    },
    ...(spec !== undefined && { spec }),
  };
}

/** A pool whose selector matches VM and VMI template alike, with one disk. */
export function aPoolObject(name: string, fields: Fields = {}): RawObject {
  const labels = { app: name };
  return anObject('VirtualMachinePool', name, {
    ...fields,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          dataVolumeTemplates: [{ metadata: { name: 'disk' } }],
          template: { metadata: { labels } },
        },
      },
      ...fields.spec,
    },
  });
}

export function aPool(name: string, fields: Fields = {}): LiveSet {
  return liveSet('VirtualMachinePool', aPoolObject(name, fields));
}

/** All is well, but for what a test says. */
export function examined(given: Partial<Examination> = {}): Examination {
  const none = { ok: true, value: [] } as const;
  return {
    now,
    mode: 'manage',
    kubevirtControllers: 'off',
    sets: { ok: true, value: [aPool('web')] },
    kubevirts: none,
    autoscalers: none,
    budgets: none,
    launchers: none,
    leftovers: none,
    rights: none,
    log: { ok: true, value: { lazy: undefined, away: [] } },
    book: { ok: true, value: { recorders: 2 } },
    audit: { ok: true, value: { toldAt: now, operatedAt: now } },
    ...given,
  };
}
