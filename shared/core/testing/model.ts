import { kinds, type Kind } from '#shared/contract/kinds.ts';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Meta, Pool, ScaledSet } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { assert } from '#shared/lib/assert.ts';
import { decide } from '../decide.ts';
import { evolve } from '../evolve.ts';
import { desiredOf, isTerminating } from '../objects.ts';
import { checkPlan } from '../plan-check.ts';
import { membersOf } from '../pool/amount.ts';
import { setsOf } from '../sets.ts';
import { emptyView, type Entry, type View } from '../view.ts';
import { diceOf, type Dice } from './dice.ts';
import { aMoment, lineage, startedAt } from './given.ts';
import { ModelCluster } from './model-cluster.ts';
import { ModelExecutor, type Job } from './model-executor.ts';

/**
 * The core against a small cluster: a log, one executor, a watch that lags and repeats, surveys, people
 * who scale and delete, restarts. Everything follows from the seed.
 */
export class Model {
  readonly cluster = new ModelCluster();
  readonly log: Entry[] = [];
  readonly executor = new ModelExecutor(this.cluster, (job) => this.#beforeCreate(job));
  readonly #dice: Dice;
  /** Every size that the set was given, extra members included, with the generation from which on. */
  readonly #sizes: { readonly generation: number; readonly most: number }[] = [];
  #view: View = freshView();
  #now = startedAt;
  #outcomes: LogRecord[] = [];
  #survey = 0;

  constructor(seed: number, set: ScaledSet) {
    this.#dice = diceOf(seed);
    this.cluster.create(set);
    this.#sizes.push({ generation: 0, most: mostOf(set) });
    this.#append({ type: 'opened', lineage, codeVersion: 'test', holder: 'test' });
    for (const kind of kinds) this.#surveyKind(kind);
  }

  get view(): View {
    return this.#view;
  }

  /** Steps with faults and people; then steps without, until nothing moves any more. */
  run(steps: number): this {
    for (let step = 0; step < steps; step += 1) this.#step(true);
    for (let quiet = 0, step = 0; quiet < 400; step += 1) {
      assert(step < 60_000, 'the model comes to rest');
      quiet = this.#step(false) ? 0 : quiet + 1;
    }
    return this;
  }

  /** Someone edits the set: fields of the spec, annotations, or nothing but the generation. */
  edits(fields: Partial<Omit<Pool, 'kind' | 'meta'>>, meta: Partial<Meta> = {}): this {
    const { set } = this.cluster;
    assert(set !== undefined, 'the set stands');
    const generation = (set.meta.generation ?? 0) + 1;
    const edited = { ...set, ...fields };
    this.cluster.update(edited, { generation, ...meta });
    this.#sizes.push({ generation, most: mostOf(edited) });
    return this;
  }

  /** Some steps without faults, wherever they lead. */
  goesOn(steps: number): this {
    for (let step = 0; step < steps; step += 1) this.#step(false);
    return this;
  }

  /** All that can happen at once, again and again until nothing moves: for many members. */
  rushes(): this {
    for (let quiet = 0, round = 0; quiet < 5; round += 1) {
      assert(round < 500, 'the model comes to rest');
      const before = `${this.log.length}/${this.cluster.version}`;
      this.#now += 3000;
      this.cluster.actOnAll();
      for (const queue of this.cluster.watch.values()) {
        for (const record of queue.splice(0)) this.#append(record);
      }
      this.#reconcile();
      while (!this.executor.idle) this.#execute(false);
      for (const outcome of this.#outcomes.splice(0)) this.#append(outcome);
      quiet = before === `${this.log.length}/${this.cluster.version}` ? quiet + 1 : 0;
    }
    return this;
  }

  /** Members that stand in the cluster and are not on their way out. */
  members(): readonly string[] {
    const kind =
      this.cluster.set?.kind === 'VirtualMachinePool' ? 'VirtualMachine' : 'VirtualMachineInstance';
    return this.cluster
      .ofKind(kind)
      .filter((member) => !isTerminating(member))
      .map((member) => member.meta.name);
  }

  /** Whether anything happened that could lead to more. */
  #step(faults: boolean): boolean {
    const dice = this.#dice;
    this.#now += dice.below(faults ? 2000 : 200);
    const before = `${this.log.length}/${this.cluster.version}`;
    if (faults && dice.oneIn(25)) this.#people();
    if (faults && dice.oneIn(60)) this.#surveyKind(dice.pick(kinds) ?? 'VirtualMachine');
    if (faults && dice.oneIn(80)) this.#restart();
    if (dice.oneIn(2)) this.cluster.act(dice);
    if (dice.oneIn(2)) this.#watch(faults);
    if (dice.oneIn(2)) this.#execute(faults);
    if (dice.oneIn(2)) this.#publish(faults);
    if (dice.oneIn(3)) this.#reconcile();
    if (!faults) this.#now += 3000;
    return before !== `${this.log.length}/${this.cluster.version}`;
  }

  /** Someone scales, deletes a member, edits the template of machines that run, pauses or resumes. */
  #people(): void {
    const { set } = this.cluster;
    if (set === undefined || isTerminating(set)) return;
    const generation = (set.meta.generation ?? 0) + 1;
    const member = this.#dice.pick([
      ...this.cluster.ofKind('VirtualMachine'),
      ...this.cluster.ofKind('VirtualMachineInstance'),
    ]);
    if (this.#dice.oneIn(3) && member !== undefined) {
      this.cluster.remove(member);
    } else if (set.template?.runStrategy !== undefined && this.#dice.oneIn(3)) {
      const hash = (this.#dice.below(3) + 1).toString().repeat(64);
      const part = this.#dice.pick(['metadata', 'vmiMetadata', 'vmiSpec']) ?? 'metadata';
      const digest = { ...set.template.digest, [part]: hash };
      this.edits({ template: { ...set.template, digest } });
    } else if (this.#dice.oneIn(6)) {
      this.cluster.update({ ...set, paused: !set.paused }, { generation });
    } else {
      const desired = this.#dice.below(9);
      const scaled = { ...set, replicas: desired };
      this.cluster.update(scaled, { generation });
      this.#sizes.push({ generation, most: mostOf(scaled) });
    }
  }

  /** Tells some of what the watch holds, sometimes twice. */
  #watch(faults: boolean): void {
    const kind = this.#dice.pick([...this.cluster.watch.keys()]);
    const queue = kind === undefined ? undefined : this.cluster.watch.get(kind);
    const told = queue?.splice(0, 1 + this.#dice.below(3)) ?? [];
    for (const record of told) {
      this.#append(record);
      if (faults && this.#dice.oneIn(10)) this.#append(record);
    }
  }

  #execute(faults: boolean): void {
    const outcome = this.executor.runs(this.#dice, faults);
    if (outcome !== undefined) this.#outcomes.push(outcome);
  }

  /** Outcomes reach the log late, and sometimes twice. */
  #publish(faults: boolean): void {
    for (const outcome of this.#outcomes.splice(0, 1 + this.#dice.below(3))) {
      this.#append(outcome);
      if (faults && this.#dice.oneIn(10)) this.#append(outcome);
    }
  }

  #reconcile(): void {
    for (const set of setsOf(this.#view)) {
      const answer = decide(this.#view, set, aMoment(this.#now));
      if (answer.type === 'wait') continue;
      if (answer.type === 'tell') {
        this.#append(answer.held);
        continue;
      }
      const violations = checkPlan(this.#view, answer.decided);
      assert(violations.length === 0, `the plan holds: ${violations.join('; ')}`);
      this.#append(answer.decided);
    }
  }

  /** A reconciler that starts anew folds the log from its first record and goes on alike. */
  #restart(): void {
    const again = freshView();
    for (const entry of this.log) evolve(again, entry);
    for (const set of setsOf(this.#view)) {
      const moment = aMoment(this.#now);
      const [live, folded] = [this.#view, again].map((view) =>
        JSON.stringify(decide(view, set, moment)),
      );
      assert(live === folded, 'a fold of the log decides like the live view');
    }
    this.#view = again;
    this.#append({ type: 'opened', lineage, codeVersion: 'test', holder: 'again' });
  }

  /** What the watch has not told yet is in the list, and is told again after it. */
  #surveyKind(kind: Kind): void {
    this.#survey += 1;
    const id = `survey-${this.#survey}`;
    const objects = this.cluster.ofKind(kind);
    const resourceVersion = this.cluster.version;
    this.#append({ type: 'survey-began', kind, id });
    for (const object of objects) this.#append({ type: 'observed', object, survey: id });
    this.#append({ type: 'surveyed', kind, id, resourceVersion, count: objects.length });
  }

  #append(record: LogRecord): void {
    const entry: Entry = {
      sequence: this.log.length + 1,
      at: this.#now,
      family: 'fact',
      records: [record],
      poison: [],
    };
    this.log.push(entry);
    evolve(this.#view, entry);
    this.#outcomes.push(...this.executor.reads(record));
  }

  /** No create may make the set larger than any size it had since the plan was made. */
  #beforeCreate({ plan }: Job): void {
    const counted =
      plan.set.kind === 'VirtualMachinePool'
        ? this.cluster.ofKind('VirtualMachine').length
        : this.members().length;
    // Counted from the set's version that the plan knew: what the log has told by then may lag behind.
    const known = this.#sizes.findLastIndex(({ generation }) => generation <= plan.set.generation);
    const most = Math.max(...this.#sizes.slice(known).map((size) => size.most));
    assert(counted + 1 <= most, `no more than ${most} members are made`);
  }
}

/** Members that a set may have at most. */
function mostOf(set: ScaledSet): number {
  const desired = desiredOf(set);
  if (set.kind !== 'VirtualMachinePool') return desired;
  return desired + membersOf(set.update?.maxSurge ?? 0, desired, 'up');
}

function freshView(): View {
  return emptyView(shardSchema.parse('07'), lineage);
}
