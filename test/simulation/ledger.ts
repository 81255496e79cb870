import type { Command } from '#shared/contract/commands.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { Decided, LogRecord, Settled } from '#shared/contract/records.ts';
import { core } from '../../services/reconciler/decider.ts';
import type { Message } from '#shared/stream/log.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import type { View } from '#shared/core/view.ts';

/** One command of the log and where it stands. */
export type Effect = {
  readonly command: Command;
  readonly plan: Decided;
  readonly sequence: number;
  readonly shard: Shard;
  /** In which of the logs that followed each other it stands; each gives its sequences anew. */
  readonly turns: Set<number>;
};

/** What a create has made, and the process that did it. */
export type Made = {
  readonly uid: string;
  readonly by: string;
  /** It carries our finalizer, so that it cannot go before we have let go of it. */
  readonly isHeld: boolean;
};

export type LedgerParts = {
  readonly lineage: () => string;
  readonly violation: (invariant: string, text: string) => void;
  readonly count: (what: string) => void;
  /** The object is there now. */
  readonly stands: (uid: string) => boolean;
  /** Two executors are or were at work: what one settles another may still be doing. */
  readonly isDoubled: () => boolean;
  /** Decides once more what was decided, and compares. */
  readonly redecides: boolean;
};

/** Follows the log message by message: what it must never hold, and what judges need to know of it. */
export class Ledger {
  readonly effects = new Map<string, Effect>();
  readonly outcomes = new Map<string, Settled>();
  /** By uid of the member: commands that destroy it or let it go. */
  readonly removals = new Map<string, Effect[]>();
  /** By uid of the object that they touch: all commands but creates and those of the set itself. */
  readonly touches = new Map<string, Effect[]>();
  /** Creates that have had an effect, with the uid that it has. */
  readonly applied = new Map<string, Made>();
  readonly #excused = new Set<string>();
  /** First sequence at which an object was told with an owner, by uid and owner's uid. */
  readonly #owned = new Map<string, number>();
  readonly #opened = new Map<Shard, number>();
  readonly #plans = new Map<Shard, number>();
  /** Behind the log, so that each plan can be decided again from its basis. */
  readonly #bases = new Map<Shard, { readonly view: View; readonly queue: Message[] }>();
  readonly #views = new Map<Shard, View>();
  #unread: Message[] = [];
  #turn = 0;
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  read(message: Message): void {
    for (const poison of message.poison) {
      this.#parts.violation('P0', `a record cannot be read: ${poison.problem}`);
    }
    this.#keep(message);
    for (const record of message.records) this.#record(message, record);
  }

  #keep(message: Message): void {
    if (this.#parts.redecides) this.#baseOf(message.shard).queue.push(message);
    this.#unread.push(message);
  }

  /** What a log says of its own order and of owners, whoever has judged it before. */
  #follow({ shard, sequence }: Message, record: LogRecord): void {
    if (record.type === 'opened') {
      this.#opened.set(shard, sequence);
      this.#plans.set(shard, 0);
    } else if (record.type === 'decided') {
      this.#plans.set(shard, record.plan);
      for (const { effect } of record.commands) this.effects.get(effect)?.turns.add(this.#turn);
    } else if (record.type === 'observed') {
      for (const { uid } of record.object.meta.owners) {
        const key = `${record.object.meta.uid}/${uid}`;
        if (!this.#owned.has(key)) this.#owned.set(key, sequence);
      }
    }
  }

  /**
   * The log has become another one, which begins with these messages of the old. What was under way then
   * may still be done by those who have not noticed, and counts against nobody's size.
   */
  beginAnew(messages: readonly Message[]): void {
    this.#turn += 1;
    for (const id of this.effects.keys()) if (!this.outcomes.has(id)) this.#excused.add(id);
    const ofLog = [this.#owned, this.#opened, this.#plans, this.#bases, this.#views];
    for (const map of ofLog) map.clear();
    this.#unread = [];
    for (const message of messages) {
      this.#keep(message);
      for (const record of message.records) this.#follow(message, record);
    }
  }

  /** Which of the logs that followed each other this is. */
  get turn(): number {
    return this.#turn;
  }

  /** The sequence from which on the log knows that an object has this owner. */
  ownedSince(uid: string, owner: string): number | undefined {
    return this.#owned.get(`${uid}/${owner}`);
  }

  newestEpoch(shard: Shard): number {
    return this.#opened.get(shard) ?? 0;
  }

  /** The log says that the command certainly had no effect. */
  isDenied(effect: string): boolean {
    const outcome = this.outcomes.get(effect)?.outcome;
    return outcome !== undefined && isNo(outcome);
  }

  /** Views folded anew from the first record to the last. */
  views(): ReadonlyMap<Shard, View> {
    for (const message of this.#unread) {
      const { shard } = message;
      const view = this.#views.get(shard) ?? this.#emptyView(shard);
      this.#views.set(shard, view);
      core.evolve(view, message);
    }
    this.#unread = [];
    return this.#views;
  }

  /**
   * A create has made an object: once, and only for a command whose outcome is not a no. Two executors
   * cannot hold this between them: what one has done, and somebody else has deleted since, the other may
   * do once more.
   */
  made(effect: string, made: Made): void {
    const { violation, count, isDoubled } = this.#parts;
    const before = this.applied.get(effect);
    this.applied.set(effect, made);
    if (before?.by === made.by && this.#isTakenAway(effect, before)) {
      this.#excused.add(effect);
      count('made again after somebody else had deleted it');
      return;
    }
    const isAgain = before !== undefined;
    if (isAgain && isDoubled()) {
      this.#excused.add(effect);
      count('made twice by two executors');
    }
    if (isAgain && !isDoubled()) violation('E2', `${effect} had its effect twice`);
    if (!this.isDenied(effect)) return;
    if (isDoubled()) count('made by one of two executors and denied by the other');
    else violation('E7', `${effect} had an effect after the log had said that it has none`);
  }

  /**
   * Somebody else has deleted what a create had made while the executor was still asking for an answer, and
   * the repetition makes it again. Nothing tells the executor better. The server keeps no trace of what is
   * gone, and takes no uid from whoever creates. A look before the repetition finds a free name in any
   * case, also while the first request is still on its way, so giving up there could be a no that is not
   * true (E7). The log shows the object only after it was seen, and the deletion and the repetition may both
   * come before that: reading facts would make the gap smaller, at the price of all facts, and not close it.
   * A finalizer of ours on what is made closes it: a pool's machines have it, and are never excused. KubeVirt
   * puts none of ours on the instances of a replica set, nor do we; upstream has the same gap there.
   */
  #isTakenAway(effect: string, { uid, isHeld }: Made): boolean {
    if (isHeld || this.outcomes.has(effect) || this.#parts.stands(uid)) return false;
    return !(this.removals.get(uid) ?? []).some(({ command }) => command.verb === 'delete-member');
  }

  /** What it made counts against nobody's size. */
  isExcused(effect: string): boolean {
    return this.isDenied(effect) || this.#excused.has(effect);
  }

  #record(message: Message, record: LogRecord): void {
    const { shard } = message;
    switch (record.type) {
      case 'decided':
        this.#decided(message, record);
        break;
      case 'held':
        this.#parts.count(`hold ${record.reason ?? 'over'}`);
        this.#checkEpoch(shard, record.epoch);
        break;
      case 'settled':
        this.#settled(record);
        break;
      default:
        break;
    }
    this.#follow(message, record);
  }

  #checkEpoch(shard: Shard, epoch: number): void {
    const newest = this.newestEpoch(shard);
    if (epoch === newest) return;
    this.#parts.violation('E5', `epoch ${epoch} writes in shard ${shard}, which is in ${newest}`);
  }

  #decided({ shard, sequence }: Message, plan: Decided): void {
    const { violation, count } = this.#parts;
    this.#checkEpoch(shard, plan.epoch);
    const number = (this.#plans.get(shard) ?? 0) + 1;
    if (plan.plan !== number)
      violation('E5', `plan ${plan.plan} of ${shard} follows ${number - 1}`);
    count(`mode ${plan.mode}`);
    if ((plan.withdraws ?? []).length > 0) count('withdraws');
    for (const command of plan.commands) {
      if (this.effects.has(command.effect)) violation('E1', `${command.effect} names two commands`);
      const effect = { command, plan, sequence, shard, turns: new Set([this.#turn]) };
      this.effects.set(command.effect, effect);
      if (plan.mode !== 'manage') continue;
      count(`verb ${command.verb}`);
      if (command.verb === 'delete-member') count(`purpose ${command.purpose}`);
      const target = targetOf(effect);
      if (target !== undefined) {
        this.touches.set(target, [...(this.touches.get(target) ?? []), effect]);
      }
      if (command.verb === 'delete-member' || command.verb === 'free-member') {
        const known = this.removals.get(command.member.uid) ?? [];
        this.removals.set(command.member.uid, [...known, effect]);
      }
    }
    if (this.#parts.redecides) this.#redecide(shard, plan);
  }

  /** The same view and the same moment give the same decision. */
  #redecide(shard: Shard, plan: Decided): void {
    this.#foldUpTo(shard, plan.basis);
    const { view } = this.#baseOf(shard);
    const again = core.decide(view, plan.set.uid, plan.moment);
    const same = again.type === 'act' && canonicalJson(again.decided) === canonicalJson(plan);
    if (same) return;
    const other = again.type === 'act' ? differenceOf(plan, again.decided) : again.type;
    this.#parts.violation('P2', `plan ${plan.epoch}.${plan.plan} is not decided again: ${other}`);
  }

  #settled(settled: Settled): void {
    const { violation, count } = this.#parts;
    const effect = this.effects.get(settled.effect);
    if (effect === undefined) {
      violation('E6', `${settled.effect} is settled and was never decided`);
      return;
    }
    count(`outcome ${settled.outcome}`);
    if (this.outcomes.has(settled.effect)) {
      count('settled twice');
      return;
    }
    this.outcomes.set(settled.effect, settled);
    const made = this.applied.get(settled.effect);
    if (made === undefined || !isNo(settled.outcome) || this.#parts.isDoubled()) return;
    // One that is gone again can no longer be found.
    if (this.#parts.stands(made.uid)) {
      violation('E7', `${settled.effect} is ${settled.outcome} in the log and had its effect`);
    }
  }

  #baseOf(shard: Shard): { readonly view: View; readonly queue: Message[] } {
    const known = this.#bases.get(shard);
    if (known !== undefined) return known;
    const fresh = { view: this.#emptyView(shard), queue: [] };
    this.#bases.set(shard, fresh);
    return fresh;
  }

  #emptyView(shard: Shard): View {
    return core.emptyView(shard, this.#parts.lineage(), false);
  }

  #foldUpTo(shard: Shard, sequence: number): void {
    const { view, queue } = this.#baseOf(shard);
    let folded = 0;
    for (const message of queue) {
      if (message.sequence > sequence) break;
      core.evolve(view, message);
      folded += 1;
    }
    queue.splice(0, folded);
  }
}

/** The fields in which two plans differ, with what the second has. */
function differenceOf(plan: Decided, again: Decided): string {
  const before = new Map(Object.entries(plan));
  return Object.entries(again)
    .filter(([field, value]) => canonicalJson(value ?? 0) !== canonicalJson(before.get(field) ?? 0))
    .map(([field, value]) => `${field} ${JSON.stringify(value).slice(0, 300)}`)
    .join(', ');
}

/** The command certainly has no effect. */
function isNo(outcome: Settled['outcome']): boolean {
  return outcome !== 'applied' && outcome !== 'already';
}

/** Uid of the object that a command changes; undefined for what it is to make. */
function targetOf({ command, plan }: Effect): string | undefined {
  if ('instance' in command) return command.instance.uid;
  if ('disk' in command) return command.disk.uid;
  if ('member' in command) return command.member.uid;
  if (command.verb === 'delete-revision') return command.uid;
  return command.verb === 'roll-back' ? plan.set.uid : undefined;
}
