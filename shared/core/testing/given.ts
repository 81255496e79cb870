import { expect } from 'vitest';
import type { Command } from '#shared/contract/commands.ts';
import {
  resourceVersionSchema,
  shardSchema,
  type EffectId,
  type Uid,
} from '#shared/contract/ids.ts';
import { kinds, type Kind } from '#shared/contract/kinds.ts';
import type { Meta, Observable, Pool, ScaledSet } from '#shared/contract/objects.ts';
import type { Decided, LogRecord, Moment, Policy, Settled } from '#shared/contract/records.ts';
import { assert } from '#shared/lib/assert.ts';
import { decide } from '../decide.ts';
import { evolve } from '../evolve.ts';
import { isSet } from '../objects.ts';
import type { Outcome } from '../outcome.ts';
import { pendingOf } from '../pending.ts';
import { checkPlan } from '../plan-check.ts';
import { later } from './objects.ts';
import { emptyView, type Poison, type View } from '../view.ts';

export const lineage = '0a0b0c0d';
export const startedAt = Date.UTC(2026, 0, 1);

/** Version of the surveys that a story begins with. */
const surveyedAt = 1000;

export function aMoment(now: number, policy: Partial<Policy> = {}): Moment {
  return {
    now,
    seed: 'seed',
    limits: {
      burst: 250,
      pending: 500,
      massDeleteCount: 10,
      massDeleteShare: 0.2,
      massDeleteWindowMs: 600_000,
    },
    policy: { mode: 'manage', kubevirtControllers: 'off', ...policy },
  };
}

/** Some fields of a command that a decision must hold. */
export type Expected = { readonly verb: Command['verb'] } & Readonly<Record<string, unknown>>;

/** How a command came to its end. */
export type End = Partial<Pick<Settled, 'outcome' | 'reason' | 'field' | 'returned' | 'code'>> & {
  readonly version?: number;
  readonly uid?: Uid;
};

/** A world in which these objects exist, every kind has been surveyed and the shard is ours. */
export function given(...objects: readonly Observable[]): Story {
  const story = new Story(objects.find(isSet));
  story.folds({ type: 'opened', lineage, codeVersion: 'test', holder: 'test' });
  for (const kind of kinds)
    story.surveys(
      kind,
      objects.filter((object) => object.kind === kind),
    );
  return story;
}

/** Told in steps: what is seen, what is decided, what comes of it. Every plan is checked and folded. */
export class Story {
  readonly view: View = emptyView(shardSchema.parse('07'), lineage);
  readonly #set: ScaledSet | undefined;
  #now = startedAt;
  #policy: Partial<Policy> = {};
  /** The newest plan. */
  plan: Decided | undefined;

  constructor(set: ScaledSet | undefined) {
    this.#set = set;
  }

  get now(): number {
    return this.#now;
  }

  under(policy: Partial<Policy>): this {
    this.#policy = policy;
    return this;
  }

  after(ms: number): this {
    this.#now += ms;
    return this;
  }

  folds(...records: readonly LogRecord[]): this {
    for (const record of records) this.#fold([record], []);
    return this;
  }

  sees(...objects: readonly Observable[]): this {
    return this.folds(...objects.map((object) => ({ type: 'observed', object }) as const));
  }

  /** Someone edits the spec of the story's set. */
  changes(fields: Partial<Omit<Pool, 'kind' | 'meta'>>, meta: Partial<Meta> = {}): this {
    const set = this.view.objects.get(this.uid);
    assert(isSet(set), 'the set stands');
    const generation = (set.meta.generation ?? 0) + 1;
    return this.sees(later({ ...set, ...fields }, { generation, ...meta }));
  }

  /** Someone scales the story's set. */
  scales(replicas: number): this {
    return this.changes({ replicas });
  }

  loses(...objects: readonly Observable[]): this {
    return this.folds(
      ...objects.map(({ kind, meta }) => {
        const { namespace, name, uid } = meta;
        const resourceVersion = resourceVersionSchema.parse(`${Number(meta.resourceVersion) + 1}`);
        return { type: 'vanished', kind, namespace, name, uid, resourceVersion } as const;
      }),
    );
  }

  reads(poison: Poison): this {
    this.#fold([], [poison]);
    return this;
  }

  /** A whole survey of one kind, in three records or more. */
  surveys(kind: Kind, objects: readonly Observable[], version = surveyedAt): this {
    const id = `survey-${this.view.sequence}`;
    return this.begins(kind, id)
      .folds(...objects.map((object) => ({ type: 'observed', object, survey: id }) as const))
      .closes(kind, id, { version, count: objects.length });
  }

  begins(kind: Kind, id: string): this {
    return this.folds({ type: 'survey-began', kind, id });
  }

  closes(
    kind: Kind,
    id: string,
    { version, count, unserved }: { version: number; count: number; unserved?: boolean },
  ): this {
    const resourceVersion = resourceVersionSchema.parse(`${version}`);
    return this.folds({
      type: 'surveyed',
      kind,
      id,
      resourceVersion,
      count,
      ...(unserved !== undefined && { unserved }),
    });
  }

  opens(): this {
    return this.folds({ type: 'opened', lineage, codeVersion: 'test', holder: 'test' });
  }

  /** Settles pending commands of a verb; all of that verb, or those that the filter lets through. */
  settles(
    verb: Command['verb'],
    end: End = {},
    isMeant: (command: Command) => boolean = () => true,
  ): this {
    const meant = pendingOf(this.view, this.uid).filter(
      ({ command, outcome }) => command.verb === verb && outcome === undefined && isMeant(command),
    );
    assert(meant.length > 0, `no ${verb} is pending`);
    for (const { command } of meant) this.settlesEffect(command.effect, end);
    return this;
  }

  settlesEffect(effect: EffectId, end: End = {}): this {
    const command = this.view.pending.get(effect)?.command;
    const set = this.view.objects.get(this.uid) ?? this.#set;
    assert(isSet(set), 'the story has a set');
    const { version, uid, ...rest } = end;
    return this.folds({
      type: 'settled',
      effect,
      set: {
        kind: set.kind,
        namespace: set.meta.namespace,
        name: set.meta.name,
        uid: set.meta.uid,
        generation: set.meta.generation ?? 0,
      },
      verb: command?.verb ?? 'create-vm',
      name: command === undefined ? 'unknown' : nameOf(command, set),
      outcome: 'applied',
      ...(uid !== undefined && { uid }),
      ...(version !== undefined && {
        resourceVersion: resourceVersionSchema.parse(`${version}`),
      }),
      ...rest,
    });
  }

  /** The next answer for the story's set; asked twice, because it must not depend on that. */
  outcome(set: Uid = this.uid): Outcome {
    const moment = aMoment(this.#now, this.#policy);
    const answer = decide(this.view, set, moment);
    expect(JSON.stringify(decide(this.view, set, moment))).toBe(JSON.stringify(answer));
    if (answer.type === 'act') expect(checkPlan(this.view, answer.decided)).toEqual([]);
    return answer;
  }

  /**
   * The next plan holds exactly these commands, in order, each with these fields at least. Status writes
   * and events are left out unless one is expected.
   */
  decides(...expected: readonly Expected[]): this {
    const answer = this.outcome();
    assert(answer.type === 'act', `does not act: ${JSON.stringify(answer)}`);
    const commands = answer.decided.commands.filter(
      ({ verb }) => !beside.has(verb) || expected.some((command) => command.verb === verb),
    );
    expect(commands.map(({ verb }) => verb)).toEqual(expected.map(({ verb }) => verb));
    expect(commands).toMatchObject(expected);
    return this.#folded(answer.decided);
  }

  /** Acts, whatever it does. */
  acts(): this {
    const answer = this.outcome();
    assert(answer.type === 'act', `does not act: ${JSON.stringify(answer)}`);
    return this.#folded(answer.decided);
  }

  because(text: string): this {
    expect(this.plan?.because).toBe(text);
    return this;
  }

  tells(reason: string | undefined, because?: string): this {
    const answer = this.outcome();
    assert(answer.type === 'tell', `does not tell: ${JSON.stringify(answer)}`);
    expect(answer.held.reason).toBe(reason);
    if (because !== undefined) expect(answer.held.because).toBe(because);
    return this.folds(answer.held);
  }

  waits(because?: string): this {
    const answer = this.outcome();
    assert(answer.type === 'wait', `does not wait: ${JSON.stringify(answer, undefined, 1)}`);
    if (because !== undefined) expect(answer.because).toBe(because);
    return this;
  }

  waitsUntil(ms: number): this {
    const answer = this.outcome();
    assert(answer.type === 'wait', `does not wait: ${JSON.stringify(answer)}`);
    expect(answer.wakeAt === undefined ? undefined : answer.wakeAt - startedAt).toBe(ms);
    return this;
  }

  /** Waits, but for status writes and events, which are folded and settled as they come. */
  rests(because?: string): this {
    for (let round = 0; round < 20; round += 1) {
      const answer = this.outcome();
      if (answer.type === 'wait') return because === undefined ? this : this.waits(because);
      assert(answer.type === 'act', `does not rest: ${JSON.stringify(answer)}`);
      const { decided } = answer;
      assert((decided.withdraws ?? []).length === 0, 'nothing is called back at rest');
      assert(
        decided.commands.every(({ verb }) => beside.has(verb)),
        `does not rest: ${JSON.stringify(decided.commands)}`,
      );
      this.#folded(decided);
      this.#settleBeside(decided);
    }
    throw new Error('never rests');
  }

  /** Statuses and events of the newest plan come through, and the set shows them. */
  shows(): this {
    assert(this.plan !== undefined, 'there is a plan');
    this.#settleBeside(this.plan);
    return this;
  }

  /** The newest status that was sent. */
  get status(): Extract<Command, { verb: 'write-status' }>['status'] | undefined {
    const write = this.plan?.commands.find((command) => command.verb === 'write-status');
    return write?.verb === 'write-status' ? write.status : undefined;
  }

  get uid(): Uid {
    assert(this.#set !== undefined, 'the story has a set');
    return this.#set.meta.uid;
  }

  #folded(decided: Decided): this {
    this.plan = decided;
    return this.folds(decided);
  }

  #settleBeside(decided: Decided): void {
    for (const command of decided.commands) {
      if (command.verb === 'post-event') this.settlesEffect(command.effect);
      if (command.verb !== 'write-status') continue;
      const set = this.view.objects.get(this.uid);
      assert(isSet(set), 'the set stands');
      const version = Number(set.meta.resourceVersion) + 1;
      const resourceVersion = resourceVersionSchema.parse(`${version}`);
      this.settlesEffect(command.effect, { version, uid: set.meta.uid });
      this.sees({ ...set, status: command.status, meta: { ...set.meta, resourceVersion } });
    }
  }

  #fold(records: readonly LogRecord[], poison: readonly Poison[]): void {
    const sequence = this.view.sequence + 1;
    evolve(this.view, { sequence, at: this.#now, family: 'fact', records, poison });
  }
}

const beside: ReadonlySet<string> = new Set(['write-status', 'post-event']);

function nameOf(command: Command, set: ScaledSet): string {
  if ('member' in command) return command.member.name;
  return 'name' in command ? command.name : set.meta.name;
}
