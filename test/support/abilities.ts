import { makeNamespace } from './own-namespaces.ts';
import type { KubectlRun } from './own-namespaces.ts';
import { diskTemplate, instanceSpec } from './small-machines.ts';
import { until } from './until.ts';

/** What somebody else does on a cluster that is not ours, so that a test knows what it may wait for. */
export type Abilities = {
  /** The version of pools that KubeVirt's newest clients would use. */
  readonly poolVersion: string;
  readonly servesDataVolumes: boolean;
  /** Machines get instances: KubeVirt's controllers run. */
  readonly startsMachines: boolean;
  /** Instances can become ready: there is a node for them. */
  readonly readiesMachines: boolean;
  /** DataVolumes get claims: CDI's controllers run. */
  readonly makesClaims: boolean;
};

/** Whoever makes instances and claims does it within seconds; nobody ever says that he will not. */
const patienceMs = 30_000;

/** Finds out by trying, in a namespace of its own. */
export async function examineAbilities(kubectl: KubectlRun, run: string): Promise<Abilities> {
  const served = (await kubectl(['api-versions'])).stdout.split('\n');
  const poolVersion = ['v1beta1', 'v1alpha1'].find((version) =>
    served.includes(`pool.kubevirt.io/${version}`),
  );
  if (poolVersion === undefined || !served.includes('kubevirt.io/v1')) {
    throw new Error(
      'the cluster serves no VirtualMachinePools; are the CRDs of KubeVirt installed?',
    );
  }
  const servesDataVolumes = served.includes('cdi.kubevirt.io/v1beta1');
  const namespace = await makeNamespace(kubectl, run);
  const [startsMachines, makesClaims] = await Promise.all([
    follows(kubectl, { namespace, object: probeMachine, brings: 'virtualmachineinstance/probe' }),
    servesDataVolumes &&
      follows(kubectl, { namespace, object: probeDisk, brings: 'persistentvolumeclaim/probe' }),
  ]);
  const nodes = await kubectl(['get', 'nodes', '-l', 'kubevirt.io/schedulable=true', '-o', 'name']);
  const readiesMachines = startsMachines && nodes.stdout.trim() !== '';
  return { poolVersion, servesDataVolumes, startsMachines, readiesMachines, makesClaims };
}

type Trial = {
  readonly namespace: string;
  readonly object: object;
  /** What somebody makes of it. */
  readonly brings: string;
};

async function follows(kubectl: KubectlRun, trial: Trial): Promise<boolean> {
  const { namespace, object, brings } = trial;
  const where = ['-n', namespace];
  await kubectl(['create', '-f', '-', ...where], { input: JSON.stringify(object) });
  const seen = async () =>
    (await kubectl(['get', brings, '--ignore-not-found', '-o', 'name', ...where])).stdout !== '';
  const came = until(brings, seen, { timeoutMs: patienceMs, everyMs: 200 });
  return came.then(
    () => true,
    () => false,
  );
}

const probeMachine = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'probe' },
  spec: { runStrategy: 'Always', template: { metadata: {}, spec: instanceSpec() } },
};

const probeDisk = {
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'DataVolume',
  metadata: { name: 'probe' },
  spec: diskTemplate,
};
