import type { Act } from './options.ts';
import type { Mutation } from './pipeline.ts';
import type { SetPlan } from './sets.ts';
import type { Interference, SieveReport } from './sieve.ts';
import { simulate } from './simulate.ts';

/** A small run that people bring about step by step, each when the one before has come to rest. */
export type ReferenceRun = { readonly plan: SetPlan; readonly acts: readonly Act[] };

export const pool: SetPlan = {
  kind: 'VirtualMachinePool',
  namespace: 'blue',
  name: 'pool',
  disks: 1,
  most: 3,
};

export const replicaSet: SetPlan = {
  kind: 'VirtualMachineInstanceReplicaSet',
  namespace: 'blue',
  name: 'batch',
  disks: 0,
  most: 4,
};

export const runs = {
  'a pool with disks from 0 to 3 to 1': {
    plan: pool,
    acts: [
      { type: 'make', replicas: 0 },
      { type: 'scale', replicas: 3 },
      { type: 'scale', replicas: 1 },
    ],
  },
  'a replica set from 2 to 4 to 1': {
    plan: replicaSet,
    acts: [
      { type: 'make', replicas: 2 },
      { type: 'scale', replicas: 4 },
      { type: 'scale', replicas: 1 },
    ],
  },
  'a pool that is deleted': {
    plan: pool,
    acts: [{ type: 'make', replicas: 2 }, { type: 'delete' }],
  },
} as const satisfies Readonly<Record<string, ReferenceRun>>;

/** How far the view of a watcher that starts again may lie back, in versions of the cluster. */
const behind = 12;

export type Sieved = { readonly violations: readonly string[]; readonly report: SieveReport };

export async function sieve(
  run: ReferenceRun,
  plan?: Interference,
  mutation?: Mutation,
): Promise<Sieved> {
  const script = { acts: run.acts, ...(plan && { interference: plan }) };
  const calm = { seed: 1, only: [], plans: [run.plan] };
  const { violations, sieved } = await simulate({ ...calm, script, ...(mutation && { mutation }) });
  if (sieved === undefined) throw new Error('a scripted history tells nothing of its sieve');
  return { violations, report: sieved };
}

/** One plan for each write and each event of the undisturbed run. */
export function interferences({ writes, events }: SieveReport): readonly Interference[] {
  const places = (list: readonly string[]) => list.map((_, at) => at + 1);
  return [
    ...places(writes).flatMap((write): readonly Interference[] => [
      { type: 'crash', write, when: 'before' },
      { type: 'crash', write, when: 'after' },
    ]),
    ...places(events).flatMap((event): readonly Interference[] => [
      { type: 'hide', event },
      { type: 'restart', event, behind },
    ]),
  ];
}

/** How a disturbed run differs from the undisturbed one; empty when it does not. */
export function differences(reference: Sieved, { violations, report }: Sieved): readonly string[] {
  const keys = new Set([...reference.report.changes.keys(), ...report.changes.keys()]);
  const counts = [...keys].flatMap((key) => {
    const wanted = reference.report.changes.get(key) ?? 0;
    const found = report.changes.get(key) ?? 0;
    return found === wanted ? [] : [`${key}: ${found} times and not ${wanted}`];
  });
  return [...violations, ...counts];
}
