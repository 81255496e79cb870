import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { poolFinalizer } from '#shared/contract/words.ts';
import type { GivenCluster } from '../../services/sandbox/launch/given-cluster.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { runProgram } from './run-program.ts';
import type { ProgramResult } from './run-program.ts';
import { until } from './until.ts';

/** Runs kubectl on the cluster in question. */
export type KubectlRun = (
  args: readonly string[],
  options?: { readonly input?: string; readonly mayFail?: boolean },
) => Promise<Pick<ProgramResult, 'stdout'>>;

export async function kubectlFor({ kubeconfig, context }: GivenCluster): Promise<KubectlRun> {
  const { kubectl } = await testPrograms();
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const where = context === undefined ? [] : ['--context', context];
  return (args, options) => runProgram(kubectl, [...where, ...args], { ...options, env });
}

/** By this label a run finds its namespaces again, whatever has become of its tests. */
const runLabel = 'rollcall.dev/e2e-run';

/** A namespace of a test's own on a cluster that is not. */
export async function makeNamespace(kubectl: KubectlRun, run: string): Promise<string> {
  const name = `rollcall-e2e-${randomBytes(4).toString('hex')}`;
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { [runLabel]: run } },
  };
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(namespace) });
  return name;
}

/** How long a cluster has to end what is being deleted: pods of machines have half a minute to stop. */
const endMs = 180_000;

/**
 * Removes every namespace of a run with all that is in it. Sets go first, while whoever keeps them may
 * still let their members go; then finalizers that nobody takes off any more, on pools and machines of
 * these namespaces alone. Throws when a namespace stays, and names it.
 */
export async function removeNamespaces(
  kubectl: KubectlRun,
  { run, patienceMs }: { readonly run: string; readonly patienceMs: number },
): Promise<void> {
  const left = async () => namesIn(await list(kubectl, ['namespaces', '-l', `${runLabel}=${run}`]));
  const names = await left();
  await Promise.all(names.map((name) => emptyNamespace(kubectl, name, patienceMs)));
  for (const name of names) {
    await kubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']);
  }
  await until(
    `the cluster to end the namespaces ${names.join(', ')}; please look after them`,
    async () => (await left()).length === 0,
    { timeoutMs: endMs, everyMs: 500 },
  );
}

const sets = 'virtualmachinepools.pool.kubevirt.io,virtualmachineinstancereplicasets.kubevirt.io';
const machines = 'virtualmachines.kubevirt.io,virtualmachineinstances.kubevirt.io';
const held = 'virtualmachinepools.pool.kubevirt.io,virtualmachines.kubevirt.io';

async function emptyNamespace(
  kubectl: KubectlRun,
  namespace: string,
  timeoutMs: number,
): Promise<void> {
  const where = ['-n', namespace];
  await kubectl(['delete', sets, '--all', '--wait=false', ...where], { mayFail: true });
  await kubectl(['delete', machines, '--all', '--wait=false', ...where], { mayFail: true });
  const empty = async () =>
    (await list(kubectl, [`${sets},${machines}`, ...where])).items.length === 0;
  await until(`${namespace} to be empty`, empty, { timeoutMs, everyMs: 250 }).catch(() => {});
  for (const { kind, metadata } of (await list(kubectl, [held, ...where])).items) {
    const place = (metadata.finalizers ?? []).indexOf(poolFinalizer);
    if (place < 0) continue;
    const path = `/metadata/finalizers/${place}`;
    const steps = [
      { op: 'test', path, value: poolFinalizer },
      { op: 'remove', path },
    ];
    const patch = ['--type', 'json', '-p', JSON.stringify(steps)];
    await kubectl(['patch', kind, metadata.name, ...patch, ...where], { mayFail: true });
  }
}

const listSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), finalizers: z.array(z.string()).optional() }),
    }),
  ),
});

async function list(kubectl: KubectlRun, what: readonly string[]) {
  const { stdout } = await kubectl(['get', ...what, '-o', 'json']);
  return listSchema.parse(JSON.parse(stdout));
}

function namesIn({ items }: z.infer<typeof listSchema>): readonly string[] {
  return items.map(({ metadata }) => metadata.name);
}
