import type { Shard } from '#shared/contract/ids.ts';
import type { Counts } from '#shared/core/counts.ts';
import { positionAtStart } from '#shared/stream/lineage.ts';
import type { Message } from '#shared/stream/log.ts';
import { namespaceShards } from '#shared/stream/shards.ts';
import { createAlarm } from './alarm.ts';
import type { Alarm } from './alarm.ts';
import { Desk } from './desk.ts';
import { createLogClock } from './log-clock.ts';
import type { LogClock } from './log-clock.ts';
import { Pace } from './pace.ts';
import type { ReconcilerParts } from './reconciler-parts.ts';
import type { Restored } from './restore.ts';
import { systemTimers } from './timers.ts';
import type { Timers } from './timers.ts';

type Beginning<View> = {
  readonly restored: ReadonlyMap<Shard, Restored<View>>;
  /** The log's first records have aged out. */
  readonly hasGap: boolean;
  /** Told when a decision failed for good. */
  readonly fail: (error: unknown) => void;
};

/** All shards of one reconciler, with the one clock and the one timer that they share. */
export class Desks<View> implements Disposable {
  readonly all: readonly Desk<View>[];
  /** Where reading must begin so that every shard misses nothing. */
  readonly after: number;
  /** The snapshots that shards began with. */
  readonly restored: ReadonlyMap<Shard, Restored<View>>;
  readonly #byShard: ReadonlyMap<Shard, Desk<View>>;
  readonly #clock: LogClock;
  readonly #alarm: Alarm;
  readonly #pace: Pace;
  readonly #timers: Timers;
  readonly #fail: (error: unknown) => void;
  #isDue = false;
  #cancel: (() => void) | undefined;
  #isOpen = false;

  constructor(parts: ReconcilerParts<View>, { restored, hasGap, fail }: Beginning<View>) {
    const { decider, holder, log, metrics, settings, stream } = parts;
    const { limits, policy, codeVersion } = settings;
    this.#timers = parts.timers ?? systemTimers;
    this.#fail = fail;
    this.restored = restored;
    const clock = (this.#clock = createLogClock(parts.clock));
    const alarm = (this.#alarm = createAlarm(clock, this.#timers));
    const pace = (this.#pace = new Pace(parts.clock));
    const wake = () => this.wake();
    const deskParts = { stream, log, decider, clock, alarm, pace, wake };
    const shared = { ...deskParts, limits, policy, holder, codeVersion, metrics };
    const { lineage } = stream.identity;
    this.all = namespaceShards.map(
      (shard) =>
        new Desk(
          shared,
          shard,
          restored.get(shard) ?? { view: decider.emptyView(shard, lineage, hasGap) },
        ),
    );
    this.#byShard = new Map(this.all.map((desk) => [desk.shard, desk]));
    const positions = namespaceShards.map(
      (shard) => restored.get(shard)?.head.position ?? positionAtStart(stream),
    );
    this.after = Math.min(...positions.map(({ sequence }) => sequence));
  }

  /** Every shard is ours. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Of all shards; it takes a walk over all sets. */
  get counts(): Counts {
    const held = new Map<string, number>();
    let [sets, pending] = [0, 0];
    for (const desk of this.all) {
      const { counts } = desk;
      sets += counts?.sets ?? 0;
      pending += counts?.pending ?? 0;
      for (const [reason, count] of counts?.held ?? []) {
        held.set(reason, (held.get(reason) ?? 0) + count);
      }
    }
    return { sets, pending, held };
  }

  /** Gives a message to the desk that it is for. */
  fold(message: Message): void {
    this.#clock.observe(message.at);
    this.#byShard.get(message.shard)?.fold(message);
    if (this.#isOpen) this.wake();
  }

  /** Takes every shard over; from then on whatever is touched is decided. */
  async open(trustsFrom?: number): Promise<void> {
    await Promise.all(this.all.map((desk) => desk.open(trustsFrom)));
    this.#isOpen = true;
    this.wake();
  }

  /** Decides once for all that has arrived together: a frame in the same breath is folded before. */
  wake(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { restMs } = this.#pace;
    if (restMs > 0) this.#cancel = this.#timers.after(restMs, this.#decide);
    else this.#timers.soon(this.#decide);
  }

  readonly #decide = () => {
    this.#isDue = false;
    for (const desk of this.all) {
      if (desk.isTouched) void desk.decideTouched().catch(this.#fail);
    }
  };

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]();
    this.#cancel?.();
  }
}
