import { expect } from 'vitest';
import type { Cluster, ObjectRef, RawObject } from '#shared/cluster/cluster.ts';
import { digestVmTemplate } from '#shared/cluster/template-digest.ts';
import type { Command, SetRef } from '#shared/contract/commands.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import { effectId, shardSchema, uid } from '#shared/contract/ids.ts';
import type { EffectId } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/process/clock.ts';
import type { Job } from '../../services/executor/backlog.ts';
import { createHands } from '../../services/executor/hands.ts';
import { perform } from '../../services/executor/perform.ts';
import { findDone } from '../../services/executor/probe.ts';
import { aTestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import type { TestWorld } from '../../services/sandbox/behaviour/testing/test-world.ts';
import { storeCluster } from '../support/store-cluster.ts';

const key = { id: 'k', bytes: new Uint8Array(32) };
const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
const limits = {
  burst: 250,
  pending: 500,
  massDeleteCount: 10,
  massDeleteShare: 0.2,
  massDeleteWindowMs: 600_000,
};

/** `Command` without its id, as a test writes it. */
export type Wanted = Command extends infer One
  ? One extends Command
    ? Omit<One, 'effect' | 'because'>
    : never
  : never;

/** One set on the sandbox's own store, and an executor's hands to act on it. */
export class EffectsStage {
  readonly world: TestWorld;
  readonly cluster: Cluster;
  #plans = 0;

  constructor(world: TestWorld = aTestWorld()) {
    this.world = world;
    this.cluster = storeCluster(world.store);
  }

  async make(object: RawObject): Promise<RawObject> {
    const { metadata } = object;
    const made = await this.cluster.create({
      ...object,
      metadata: { namespace: 'default', ...metadata },
    });
    if (!made.ok) throw new Error(`not made: ${JSON.stringify(made.failure)}`);
    return made.value;
  }

  async see(kind: string, name: string): Promise<RawObject | undefined> {
    const read = await this.cluster.read(refOf(kind, name));
    return read.ok ? read.value : undefined;
  }

  async sees(kind: string, name: string): Promise<RawObject> {
    const found = await this.see(kind, name);
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return found;
  }

  async merge(kind: string, name: string, body: RawObject): Promise<void> {
    const patched = await this.cluster.patch(refOf(kind, name), { type: 'merge', body });
    expect(patched).toMatchObject({ ok: true });
  }

  /** The command as the next plan of the set as it stands now. */
  async job(set: { readonly kind: SetKind; readonly name: string }, wanted: Wanted): Promise<Job> {
    this.#plans += 1;
    const plan = { epoch: 1, plan: this.#plans };
    const effect = effectId('0a0b0c0d', plan, 0);
    const live = await this.sees(set.kind, set.name);
    const ref: SetRef = {
      ...set,
      namespace: 'default',
      uid: uid(uidOf(live)),
      generation: Number(live.metadata?.['generation']),
    };
    return jobOf(withEffect(wanted, effect), { plan, set: ref, template: templateIn(live) });
  }

  perform(job: Job, over: Cluster = this.cluster) {
    return perform(createHands({ cluster: over, key, policy, clock: systemClock }), job, 0);
  }

  probe(job: Job) {
    return findDone(this.cluster, job);
  }

  /** Like the cluster, but somebody writes the object each time just before we do. */
  racing(kind: string, name: string, times: number): Cluster {
    let left = times;
    const write = async (): Promise<void> => {
      if (left <= 0) return;
      left -= 1;
      await this.merge(kind, name, { metadata: { annotations: { race: String(left) } } });
    };
    return {
      ...this.cluster,
      patch: async (ref, patch) => (await write(), this.cluster.patch(ref, patch)),
      remove: async (ref, conditions) => (await write(), this.cluster.remove(ref, conditions)),
    };
  }

  /** The server does the write, and its answer is lost. */
  losingAnswers(): Cluster {
    const lost = {
      ok: false,
      failure: { kind: 'unclear', code: 0, reason: '', doing: '' },
    } as const;
    return {
      ...this.cluster,
      patch: async (ref, patch) => (await this.cluster.patch(ref, patch), lost),
      remove: async (ref, conditions) => (await this.cluster.remove(ref, conditions), lost),
    };
  }
}

export function refOf(kind: string, name: string): ObjectRef {
  return { kind, namespace: 'default', name };
}

export function uidOf(object: RawObject): string {
  return String(object.metadata?.uid);
}

function withEffect(wanted: Wanted, effect: EffectId): Command {
  return { ...wanted, effect, because: 'a test' };
}

function templateIn(live: RawObject): Job['plan']['template'] {
  const spec = Object(live['spec']);
  const template: unknown = spec.virtualMachineTemplate ?? spec.template;
  return digestVmTemplate(template, key);
}

function jobOf(
  command: Command,
  plan: { readonly plan: { readonly epoch: number; readonly plan: number } } & {
    readonly set: SetRef;
    readonly template: Job['plan']['template'];
  },
): Job {
  return {
    shard: shardSchema.parse('07'),
    sequence: plan.plan.plan,
    at: 0,
    command,
    plan: {
      type: 'decided',
      ...plan.plan,
      set: plan.set,
      mode: 'manage',
      basis: 1,
      moment: { now: 0, seed: '', limits, policy },
      because: 'a test',
      balance: {
        ...{ desired: 1, active: 0, terminating: 0, ready: 0 },
        ...{ creating: 0, deleting: 0, surplus: -1 },
      },
      template: plan.template,
      commands: [command],
    },
  };
}
