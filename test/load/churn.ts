import type { Cluster, ObjectRef, Preconditions, RawObject } from '#shared/cluster/cluster.ts';
import { resourceVersionSchema, uidSchema } from '#shared/contract/ids.ts';
import { haltedPool } from '../bench/halted-pool.ts';

/** What the load is made of: sets that stand and are touched, and sets that come and go. */
const standing = { pools: 8, members: 25 } as const;
const namespace = 'default';
const mostInFlight = 64;

/** A load on the API server of so many writes a second, for as long as it runs. */
export class Churn {
  /** Writes that the API server has taken. */
  written = 0;
  /** Writes that it has refused, or that had no answer. */
  failed = 0;
  readonly #cluster: Cluster;
  readonly #rate: number;
  #inFlight = 0;
  #turn = 0;

  constructor(cluster: Cluster, rate: number) {
    this.#cluster = cluster;
    this.#rate = rate;
  }

  /** Sets that stand still but for what is written to their members, and three that change in size. */
  async begin(): Promise<void> {
    for (let pool = 0; pool < standing.pools; pool += 1) {
      await this.#create(haltedPool(`standing-${pool}`, standing.members));
    }
    await this.#create(haltedPool('tide', 0));
    await this.#create(diskPool('disks', 0));
    await this.#create(instanceSet('instances', 0));
  }

  /** Writes at the rate until the signal aborts; late writes are made up for, but never in a heap. */
  async run(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    let due = 0;
    let skipped = 0;
    while (!signal.aborted) {
      const elapsed = (performance.now() - began) / 1_000;
      const wanted = Math.floor(elapsed * this.#rate) - skipped;
      // What could not be written in a second will not be.
      if (wanted - due > this.#rate) {
        skipped += wanted - due - this.#rate;
        continue;
      }
      while (due < wanted && this.#inFlight < mostInFlight) {
        due += 1;
        void this.#touch();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Changes the sizes of the sets that come and go; the next size at each call. */
  async tide(): Promise<void> {
    this.#turn += 1;
    const isHigh = this.#turn % 2 === 1;
    await this.#scale('VirtualMachinePool', 'tide', isHigh ? 20 : 2);
    await this.#scale('VirtualMachinePool', 'disks', isHigh ? 4 : 1);
    await this.#scale('VirtualMachineInstanceReplicaSet', 'instances', isHigh ? 6 : 1);
    // A set whole comes and goes as well: nothing may be kept of it for ever.
    const passing = `passing-${this.#turn % 7}`;
    const ref = { kind: 'VirtualMachinePool', namespace, name: passing };
    const found = await this.#cluster.read(ref);
    if (!found.ok) await this.#create(haltedPool(passing, 3));
    else await this.#note(this.#cluster.remove(ref, preconditionsOf(found.value)));
  }

  async #touch(): Promise<void> {
    const { written } = this;
    const pool = Math.floor(Math.random() * standing.pools);
    const member = Math.floor(Math.random() * standing.members);
    const ref = { kind: 'VirtualMachine', namespace, name: `standing-${pool}-${member}` };
    const body = { metadata: { annotations: { 'example.com/touched': `${written}` } } };
    this.#inFlight += 1;
    await this.#note(this.#cluster.patch(ref, { type: 'merge', body }));
    this.#inFlight -= 1;
  }

  async #scale(kind: string, name: string, replicas: number): Promise<void> {
    const ref: ObjectRef = { kind, namespace, name };
    await this.#note(this.#cluster.patch(ref, { type: 'merge', body: { spec: { replicas } } }));
  }

  async #create(object: RawObject): Promise<void> {
    await this.#note(this.#cluster.create(object));
  }

  async #note(call: Promise<{ readonly ok: boolean }>): Promise<void> {
    const { ok } = await call;
    if (ok) this.written += 1;
    else this.failed += 1;
  }
}

function preconditionsOf({ metadata }: RawObject): Preconditions {
  const resourceVersion = resourceVersionSchema.parse(metadata?.resourceVersion);
  return { uid: uidSchema.parse(metadata?.uid), resourceVersion };
}

/** A pool of machines that stay off, with a disk each. */
export function diskPool(name: string, replicas: number): RawObject {
  const pool = haltedPool(name, replicas);
  const spec = pool['spec'];
  const labels = { pool: name };
  const disk = { name: 'data', dataVolume: { name: 'data' } };
  const storage = { resources: { requests: { storage: '1Gi' } }, accessModes: ['ReadWriteOnce'] };
  return {
    ...pool,
    spec: {
      ...(typeof spec === 'object' ? spec : {}),
      virtualMachineTemplate: {
        metadata: { labels },
        spec: {
          runStrategy: 'Halted',
          dataVolumeTemplates: [
            { metadata: { name: 'data' }, spec: { source: { blank: {} }, storage } },
          ],
          template: {
            metadata: { labels },
            spec: { domain: { devices: {} }, volumes: [disk] },
          },
        },
      },
    },
  };
}

function instanceSet(name: string, replicas: number): RawObject {
  const labels = { set: name };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { domain: { devices: {} } } },
    },
  };
}
