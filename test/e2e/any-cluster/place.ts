import { randomBytes } from 'node:crypto';
import type { GivenCluster } from '../../../services/sandbox/launch/given-cluster.mjs';
import { examineAbilities } from '../../support/abilities.ts';
import type { Abilities } from '../../support/abilities.ts';
import { kubectlFor, makeNamespace, removeNamespaces } from '../../support/own-namespaces.ts';
import type { KubectlRun } from '../../support/own-namespaces.ts';
import { startRollcall } from '../../support/start-rollcall.ts';
import type { Rollcall } from '../../support/start-rollcall.ts';
import { until } from '../../support/until.ts';

export type Row = { readonly [field: string]: string | number | null };

/** A real cluster is slower than the sandbox, and pulls images. */
const patience = { timeoutMs: 180_000, everyMs: 200 };

/** Rollcall on a cluster that it did not make, and what tests do there, in namespaces of their own. */
export class Place {
  readonly #run = process.env['ROLLCALL_E2E_RUN'] ?? randomBytes(4).toString('hex');
  #open: { readonly rollcall: Rollcall; readonly abilities: Abilities } | undefined;
  #cluster: GivenCluster | undefined;

  async open(cluster: GivenCluster): Promise<void> {
    this.#cluster = cluster;
    const examined = examineAbilities(await kubectlFor(cluster), this.#run);
    // What it found is looked at when Rollcall runs, so that a failure of it does not leave that behind.
    examined.catch(() => {});
    const rollcall = await startRollcall({ cluster });
    this.#open = { rollcall, abilities: none };
    this.#open = { rollcall, abilities: await examined };
  }

  /** The namespaces go while Rollcall still lets its members go. */
  async close(): Promise<void> {
    if (this.#open === undefined) return;
    const { rollcall } = this.#open;
    try {
      await removeNamespaces(this.#kubectl, { run: this.#run, patienceMs: 60_000 });
    } finally {
      await rollcall[Symbol.asyncDispose]();
    }
  }

  get #here() {
    if (this.#open === undefined) throw new Error('nothing runs yet');
    return this.#open;
  }

  get abilities(): Abilities {
    return this.#here.abilities;
  }

  get rollcall(): Rollcall {
    return this.#here.rollcall;
  }

  get kubevirtControllers(): GivenCluster['kubevirtControllers'] {
    return this.#cluster?.kubevirtControllers ?? 'running';
  }

  /** What nobody does here, and what therefore is not tested, in words. */
  leftOut(): readonly string[] {
    const { startsMachines, readiesMachines, servesDataVolumes, makesClaims } = this.abilities;
    return [
      ...(startsMachines ? [] : ['nothing makes instances of VMs here']),
      ...(readiesMachines ? [] : ['nothing makes VMs ready here']),
      ...(servesDataVolumes ? [] : ['DataVolumes are not served here; disks are plain claims']),
      ...(makesClaims ? [] : ['nothing makes claims of DataVolumes here; the test makes them']),
      'who did it is inferred at most: this API server tells its audit log to somebody else',
      'load, faults and the journal of the sandbox, and autoscaling',
    ];
  }

  readonly #kubectl: KubectlRun = (args, options) => this.rollcall.kubectl(args, options);

  newNamespace(): Promise<string> {
    return makeNamespace(this.#kubectl, this.#run);
  }

  async kubectl(line: string): Promise<string> {
    return (await this.rollcall.kubectl(line.split(' '))).stdout;
  }

  async create(object: object): Promise<void> {
    await this.rollcall.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
  }

  /** Names in order; of claims only those that a test knows, for CDI makes others for its own use. */
  async names(kinds: string, namespace: string): Promise<readonly string[]> {
    const listed = await this.kubectl(`get ${kinds} -n ${namespace} -o name`);
    return listed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(line.indexOf('/') + 1))
      .filter((name) => !name.startsWith('prime-'))
      .toSorted();
  }

  async uid(object: string, namespace: string): Promise<string> {
    const path = 'jsonpath={.metadata.uid}';
    return this.kubectl(`get ${object} -n ${namespace} --ignore-not-found -o ${path}`);
  }

  async has(kinds: string, namespace: string, names: readonly string[]): Promise<void> {
    const isThere = async () =>
      (await this.names(kinds, namespace)).join(' ') === names.toSorted().join(' ');
    await until(`${kinds} ${names.join(', ')} and no others`, isThere, patience);
  }

  async comes(what: string, isThere: () => Promise<boolean>): Promise<void> {
    await until(what, isThere, patience);
  }

  /** Rows of a command that prints JSON lists. */
  async rows(line: string): Promise<readonly Row[]> {
    const words = [...line.split(' '), '-o', 'json'];
    const parsed: readonly Row[] = JSON.parse((await this.rollcall.rollcall(words)).stdout);
    return parsed;
  }
}

const none: Abilities = {
  poolVersion: 'v1beta1',
  servesDataVolumes: false,
  startsMachines: false,
  readiesMachines: false,
  makesClaims: false,
};
