import type { Command } from '#shared/contract/commands.ts';
import { resourceVersionSchema, shardSchema, uid } from '#shared/contract/ids.ts';
import type { Family, Uid } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Meta, ScaledSet } from '#shared/contract/objects.ts';
import type { Decided, Fact, LogRecord, Moment, Settled } from '#shared/contract/records.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { decide } from '#shared/core/decide.ts';
import { evolve } from '#shared/core/evolve.ts';
import { aDigest, aPool, aRevision, aVm, later } from '#shared/core/testing/objects.ts';
import { emptyView } from '#shared/core/view.ts';
import { heading } from './rows.ts';
import type { Row } from './rows.ts';

/** Members of each pool where many pools make the size. */
const ofEach = 100;
/** As many records as a message of the log may carry. */
const perFrame = 64;
/** A cost that does not grow with the size is the aim; caches of the processor make it grow a little. */
const mostGrowth = 2;
const fewestMade = 10_000;

/**
 * What thinking about one VM costs, folding and deciding together, when a world grows from nothing to
 * so many: in pools of a hundred, and in one single pool. No service, no broker, one shard.
 */
export function growthRows(): readonly Row[] {
  costOfGrowing({ pools: 10, members: ofEach }); // The compiler has its say before the clock runs.
  return [
    heading('thinking for each VM, folding + deciding, in one process:'),
    ...rowsOf(
      [100, 1_000, 10_000, 100_000].map((size) => ({ pools: size / ofEach, members: ofEach })),
      { where: `in pools of ${ofEach}`, mostGrowth },
    ),
    // A plan looks at all members of its set, so this grows; it only informs.
    ...rowsOf(
      [100, 1_000, 10_000].map((size) => ({ pools: 1, members: size })),
      { where: 'in one pool' },
    ),
  ];
}

type World = { readonly pools: number; readonly members: number };
type GrowthCost = { readonly evolveUs: number; readonly decideUs: number };

type Worlds = { readonly where: string; readonly mostGrowth?: number };

function rowsOf(worlds: readonly World[], { where, mostGrowth: most }: Worlds): readonly Row[] {
  const costs = worlds.map((world) => ({ world, cost: costOfGrowing(world) }));
  const total = (cost: GrowthCost | undefined) => (cost?.evolveUs ?? 0) + (cost?.decideUs ?? 0);
  const factor = total(costs.at(-1)?.cost) / total(costs[0]?.cost);
  const target =
    most === undefined ? undefined : { words: `at most × ${most}`, met: factor <= most };
  return [
    ...costs.map(({ world, cost }) => ({
      what: `  ${world.pools * world.members} VMs ${where}`,
      value: `${cost.evolveUs.toFixed(1)} + ${cost.decideUs.toFixed(1)} µs`,
    })),
    {
      what: `  growth of the cost for each VM, ${where}`,
      value: `× ${factor.toFixed(1)}`,
      ...(target && { target }),
    },
  ];
}

/** Microseconds of CPU for each VM; small worlds are made over and over, as one tells too little. */
function costOfGrowing({ pools, members }: World): GrowthCost {
  const size = pools * members;
  const times = Math.max(1, Math.round(fewestMade / size));
  const sum = { evolveUs: 0, decideUs: 0 };
  for (let time = 0; time < times; time += 1) {
    const run = new GrowthRun();
    for (let pool = 0; pool < pools; pool += 1) run.makes(`shop-${pool}`, members);
    run.settlesDown();
    if (run.machines !== size) throw new Error(`${run.machines} machines were made, not ${size}`);
    sum.evolveUs += run.evolveUs;
    sum.decideUs += run.decideUs;
  }
  return { evolveUs: sum.evolveUs / times / size, decideUs: sum.decideUs / times / size };
}

/** Of this thread only: a busy machine and a collector beside it do not count. */
function cpuNow(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** A shard whose commands are carried out at once by a cluster that only says what was asked for. */
class GrowthRun {
  readonly #view = emptyView(shardSchema.parse('07'), '0a0b0c0d');
  readonly #touched = new Set<Uid>();
  #version = 1_000;
  #now = Date.UTC(2026, 0, 1);
  machines = 0;
  evolveUs = 0;
  decideUs = 0;

  constructor() {
    this.#fold('decision', [
      { type: 'opened', lineage: '0a0b0c0d', codeVersion: 'bench', holder: 'bench' },
    ]);
    const resourceVersion = resourceVersionSchema.parse('1000');
    const surveys = kinds.flatMap((kind): readonly Fact[] => [
      { type: 'survey-began', kind, id: '1' },
      { type: 'surveyed', kind, id: '1', resourceVersion, count: 0 },
    ]);
    this.#fold('fact', surveys);
  }

  makes(namespace: string, replicas: number): void {
    const version = this.#next();
    const pool = aPool({ namespace, uid: `pool-${namespace}`, replicas, version });
    this.#fold('fact', [{ type: 'observed', object: pool }]);
  }

  /** Decides, acts and sees what came of it until nothing is left to do. */
  settlesDown(): void {
    for (let round = 0; this.#touched.size > 0; round += 1) {
      if (round > 10_000_000) throw new Error('the world never comes to rest');
      const [set] = this.#touched;
      if (set === undefined) return;
      this.#touched.delete(set);
      const plan = this.#decide(set);
      if (plan !== undefined) this.#carryOut(plan);
    }
  }

  #decide(set: Uid): Decided | undefined {
    const began = cpuNow();
    const answer = decide(this.#view, set, momentAt(this.#now));
    this.decideUs += cpuNow() - began;
    if (answer.type === 'tell') this.#fold('decision', [answer.held]);
    if (answer.type !== 'act') return undefined;
    this.#fold('decision', [answer.decided]);
    return answer.decided;
  }

  #carryOut(plan: Decided): void {
    const done = plan.commands.map((command) => this.#done(plan, command));
    const facts = done.flatMap(({ seen }) => (seen === undefined ? [] : [seen]));
    const outcomes = done.map(({ settled }) => settled);
    for (const frame of framesOf(outcomes)) this.#fold('outcome', frame);
    for (const frame of framesOf(facts)) this.#fold('fact', frame);
  }

  #done(plan: Decided, command: Command): { readonly settled: Settled; readonly seen?: Fact } {
    const { set } = plan;
    const object = this.#objectAfter(plan, command);
    const settled: Settled = {
      type: 'settled',
      effect: command.effect,
      set,
      verb: command.verb,
      name: object?.meta.name ?? set.name,
      outcome: 'applied',
    };
    if (object === undefined) return { settled };
    const { uid: made, resourceVersion } = object.meta;
    return {
      settled: { ...settled, uid: made, resourceVersion },
      seen: { type: 'observed', object },
    };
  }

  #objectAfter(plan: Decided, command: Command) {
    const set = this.#setOf(plan);
    const { namespace } = set.meta;
    const options = { namespace, owner: set, effect: command.effect, version: this.#next() };
    switch (command.verb) {
      case 'create-vm':
        this.machines += 1;
        return aVm(command.name, {
          ...options,
          uid: `vm-${namespace}-${command.name}`,
          revision: command.revision,
        });
      case 'create-revision': {
        const { name, revision } = command;
        const digest = plan.template ?? aDigest();
        return aRevision({ ...options, uid: `revision-${namespace}`, name, revision, digest });
      }
      case 'write-status':
        return this.#again(set, {}, { status: command.status });
      case 'secure-set':
        return this.#again(set, { finalizers: [poolFinalizer] });
      case 'post-event':
        return undefined;
      default:
        throw new Error(`a growing pool does not ${command.verb}`);
    }
  }

  #again(set: ScaledSet, meta: Partial<Meta>, fields: Partial<ScaledSet> = {}): ScaledSet {
    const resourceVersion = resourceVersionSchema.parse(`${this.#version}`);
    const changed = later(set, meta);
    return { ...changed, ...fieldsOf(fields), meta: { ...changed.meta, resourceVersion } };
  }

  #setOf(plan: Decided): ScaledSet {
    const found = this.#view.objects.get(uid(plan.set.uid));
    if (found?.kind !== 'VirtualMachinePool') throw new Error('the pool of a plan is not there');
    return found;
  }

  #next(): number {
    this.#version += 1;
    return this.#version;
  }

  #fold(family: Family, records: readonly LogRecord[]): void {
    // Every message a little later, so that what is written once a second is written.
    this.#now += 10;
    const entry = {
      sequence: this.#view.sequence + 1,
      at: this.#now,
      family,
      records,
      poison: [],
    };
    const began = cpuNow();
    const touched = evolve(this.#view, entry);
    this.evolveUs += cpuNow() - began;
    for (const set of touched) this.#touched.add(set);
  }
}

function fieldsOf({ status }: Partial<ScaledSet>) {
  return status === undefined ? {} : { status };
}

function framesOf<T>(records: readonly T[]): readonly (readonly T[])[] {
  const frames = Math.ceil(records.length / perFrame);
  return Array.from({ length: frames }, (_, at) =>
    records.slice(at * perFrame, (at + 1) * perFrame),
  );
}

function momentAt(now: number): Moment {
  return {
    now,
    seed: 'bench',
    limits: {
      burst: 250,
      pending: 500,
      massDeleteCount: 10,
      massDeleteShare: 0.2,
      massDeleteWindowMs: 600_000,
    },
    policy: { mode: 'manage', kubevirtControllers: 'off' },
  };
}
