import type { EffectId, Shard } from '#shared/contract/ids.ts';
import type { Command } from '#shared/contract/commands.ts';
import type { Decided, LogRecord, Outcome } from '#shared/contract/records.ts';

/** One command with the plan it stands in and the place of that plan in the log. */
export type Job = {
  readonly command: Command;
  readonly plan: Decided;
  readonly shard: Shard;
  readonly sequence: number;
  /** Log time of the plan, milliseconds since 1970. */
  readonly at: number;
  /** The span in which the plan was stored. */
  readonly trace?: string;
};

/** A command that is closed without ever having been started. */
export type Closing = {
  readonly job: Job;
  readonly outcome: Extract<Outcome, 'superseded' | 'withdrawn' | 'expired'>;
};

export type BacklogMessage = {
  readonly sequence: number;
  readonly at: number;
  readonly shard: Shard;
  readonly records: readonly LogRecord[];
  readonly trace?: string;
};

type OpenJob = { readonly job: Job; started: boolean };

/**
 * Which commands of the log are still to be done. Folded from decisions and outcomes alone, so that an
 * executor that starts anew knows what the one before has settled. A command leaves when its outcome
 * stands in the log, not when we believe that it does.
 */
export class Backlog {
  readonly #open = new Map<EffectId, OpenJob>();
  readonly #epochs = new Map<Shard, number>();
  #folded: number;

  constructor(after: number) {
    this.#folded = after;
  }

  /** Takes one message in; answers what may be started now and what is closed unstarted. */
  fold(message: BacklogMessage): {
    readonly ready: readonly Job[];
    readonly close: readonly Closing[];
  } {
    const ready: Job[] = [];
    const close: Closing[] = [];
    for (const record of message.records) {
      switch (record.type) {
        case 'opened':
          close.push(...this.#openEpoch(message));
          break;
        case 'decided':
          close.push(...this.#withdraw(record.withdraws ?? []));
          ready.push(...this.#admit(message, record));
          break;
        case 'settled':
          this.#open.delete(record.effect);
          break;
        case 'held':
        case 'observed':
        case 'vanished':
        case 'survey-began':
        case 'surveyed':
        case 'rewound':
        case 'attributed':
          break;
      }
    }
    this.#folded = Math.max(this.#folded, message.sequence);
    return { ready, close };
  }

  /** True once: the caller now owns the call. False if the command was closed meanwhile. */
  start(effect: EffectId): boolean {
    const open = this.#open.get(effect);
    if (open === undefined || open.started) return false;
    open.started = true;
    return true;
  }

  /** No outcome of it stands in the log yet. */
  isOpen({ command }: Job): boolean {
    return this.#open.has(command.effect);
  }

  /** Commands that nobody has started, oldest first. */
  unstarted(): readonly Job[] {
    return [...this.#open.values()].filter((open) => !open.started).map((open) => open.job);
  }

  /** Every decision up to this sequence is settled: where the next executor may begin to read. */
  floor(): number {
    const [oldest] = this.#open.values();
    return oldest === undefined ? this.#folded : oldest.job.sequence - 1;
  }

  /** Sequence of the newest message that was taken in. */
  get read(): number {
    return this.#folded;
  }

  /** Log time of the oldest plan with an open command. */
  get oldestAt(): number | undefined {
    const [oldest] = this.#open.values();
    return oldest?.job.at;
  }

  get size(): number {
    return this.#open.size;
  }

  #openEpoch(message: BacklogMessage): readonly Closing[] {
    this.#epochs.set(message.shard, message.sequence);
    return this.#closeUnstarted(
      (job) => job.shard === message.shard && job.plan.epoch < message.sequence,
      'superseded',
    );
  }

  #withdraw(effects: readonly EffectId[]): readonly Closing[] {
    const named = new Set(effects);
    return this.#closeUnstarted((job) => named.has(job.command.effect), 'withdrawn');
  }

  #admit(message: BacklogMessage, plan: Decided): readonly Job[] {
    if (plan.mode !== 'manage') return [];
    // Compare-and-swap keeps an older epoch from writing here, unless its `opened` lies before our floor.
    if (plan.epoch < (this.#epochs.get(message.shard) ?? 0)) return [];
    const jobs = plan.commands.map((command) => ({
      command,
      plan,
      shard: message.shard,
      sequence: message.sequence,
      at: message.at,
      ...(message.trace !== undefined && { trace: message.trace }),
    }));
    for (const job of jobs) this.#open.set(job.command.effect, { job, started: false });
    return jobs;
  }

  /** Marks as started, so that nobody runs what is being closed. */
  #closeUnstarted(matches: (job: Job) => boolean, outcome: Closing['outcome']): readonly Closing[] {
    const closing: Closing[] = [];
    for (const open of this.#open.values()) {
      if (open.started || !matches(open.job)) continue;
      open.started = true;
      closing.push({ job: open.job, outcome });
    }
    return closing;
  }
}
