import type { Shard } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { positionAt, positionAtStart } from '#shared/stream/lineage.ts';
import type { Message } from '#shared/stream/log.ts';
import type { Position } from '#shared/stream/position.ts';
import type { SnapshotHead } from '#shared/stream/snapshots.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { DeskSnapshot } from './desk.ts';
import { pack } from './packing.ts';
import type { Timers } from './timers.ts';

export type KeeperParts = {
  readonly stream: Stream;
  readonly log: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly version: number;
  readonly settings: {
    /** Records folded after which new snapshots are due. */
    readonly records: number;
    /** How often it is looked whether they are due: never sooner after one another. */
    readonly eachMs: number;
  };
};

/** What the keeper needs of the desk of a shard. */
export type Kept = {
  readonly shard: Shard;
  /** Sequence of the newest message of the shard that is folded. */
  readonly basis: number;
  snapshot(): DeskSnapshot;
};

/** However little happens, so that no record after a snapshot ages out of the log. */
const stalestMs = 60 * 60 * 1_000;

/**
 * Writes down what has been folded, beside the deciding and never before it: a failure costs the next
 * start some time, so it is told and tried again when the next round is due.
 */
export class SnapshotKeeper {
  readonly #parts: KeeperParts;
  readonly #kept = new Map<Shard, { readonly basis: number; readonly head: SnapshotHead }>();
  #position: Position;
  #records = 0;
  #roundMs: number;
  #round: Promise<void> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#position = positionAtStart(parts.stream);
    this.#roundMs = parts.clock.monotonicMs();
  }

  /** A desk has begun with this snapshot. */
  begins(shard: Shard, basis: number, head: SnapshotHead): void {
    this.#kept.set(shard, { basis, head });
    if (head.position.sequence > this.#position.sequence) this.#position = head.position;
  }

  /** A message has been given to the desks. */
  saw(message: Message): void {
    if (message.sequence <= this.#position.sequence) return;
    this.#position = positionAt(this.#parts.stream, message);
    this.#records += message.records.length;
  }

  /** From now on, and until the signal aborts, writes whenever enough has been folded. */
  keepsFrom(desks: readonly Kept[], signal: AbortSignal): void {
    const { settings, timers } = this.#parts;
    const arm = (): void => {
      if (signal.aborted) return;
      const cancel = timers.after(settings.eachMs, () => {
        signal.removeEventListener('abort', cancel);
        if (this.#isDue) void this.keep(desks, signal);
        arm();
      });
      signal.addEventListener('abort', cancel, { once: true });
    };
    arm();
  }

  get #isDue(): boolean {
    if (this.#round !== undefined || this.#records === 0) return false;
    const sinceMs = this.#parts.clock.monotonicMs() - this.#roundMs;
    return this.#records >= this.#parts.settings.records || sinceMs >= stalestMs;
  }

  /** Writes what has changed since the last round; a round that is under way is waited for first. */
  async keep(desks: readonly Kept[], signal: AbortSignal): Promise<void> {
    await this.#round;
    this.#records = 0;
    this.#roundMs = this.#parts.clock.monotonicMs();
    this.#round = this.#keepAll(desks, signal).finally(() => (this.#round = undefined));
    await this.#round;
  }

  async #keepAll(desks: readonly Kept[], signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const began = clock.monotonicMs();
    let written = 0;
    let bytes = 0;
    try {
      for (const desk of desks) {
        if (signal.aborted) return;
        const size = await this.#keepOne(desk);
        if (size > 0) written += 1;
        bytes += size;
      }
      const tookMs = Math.round(clock.monotonicMs() - began);
      log.info({ sequence: this.#position.sequence, written, bytes, tookMs }, 'snapshots kept');
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'snapshots were not kept, the log stands');
    }
  }

  /** Bytes written; 0 for a shard in which nothing has happened. */
  async #keepOne(desk: Kept): Promise<number> {
    const { stream, timers, version } = this.#parts;
    const { shard, basis } = desk;
    const position = this.#position;
    const kept = this.#kept.get(shard);
    if (kept?.basis === basis) {
      if (kept.head.position.sequence === position.sequence) return 0;
      const moved = await stream.snapshots.move(shard, kept.head, position);
      this.#kept.set(shard, { basis, head: moved });
      return 0;
    }
    const pause = () => new Promise<void>((resolve) => timers.soon(resolve));
    const body = await pack(desk.snapshot(), pause);
    const head = await stream.snapshots.save(shard, { position, version, body });
    this.#kept.set(shard, { basis, head });
    return head.size;
  }
}
