import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { checkPosition } from '#shared/stream/lineage.ts';
import type { Message } from '#shared/stream/log.ts';
import type { Position } from '#shared/stream/position.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Timers } from './timers.ts';

/** Name under which the reconciler that decides keeps how far it has come. */
const reader = 'reconciler';
const saveEachMs = 500;

/** The newest message that one process has seen, whatever has become of the connection since. */
export type Memory = { newest?: Position };

export type FootingParts = {
  readonly stream: Stream;
  readonly log: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What an earlier connection of this process has seen; nothing when absent. */
  readonly memory?: Memory;
};

/**
 * Tells whether the log is still what it was. A log that was set back ends with surveys that say that
 * everything is known, as of then: whoever believed them would make once more what was made since. A
 * process remembers what it has seen beyond the end of a connection, and leaves it for the next one.
 */
export class Footing {
  readonly #parts: FootingParts;
  readonly #memory: Memory;
  /** From before this connection. */
  readonly #before: Position | undefined;
  #saved = 0;
  #isSaving = false;

  constructor(parts: FootingParts) {
    this.#parts = parts;
    this.#memory = parts.memory ?? {};
    this.#before = this.#memory.newest;
  }

  saw({ sequence, hash, at }: Message): void {
    // While a log that was set back is folded, what it held before is still the newest that was seen.
    if (at < (this.#memory.newest?.at ?? 0)) return;
    const { lineage } = this.#parts.stream.identity;
    this.#memory.newest = { lineage, sequence, hash, at };
  }

  /**
   * The sequence from which on surveys are to be believed; undefined where all are. The log's time tells:
   * what stood in the log before it was set back is no later than the newest message that it had then.
   */
  async trustsFrom(): Promise<number | undefined> {
    const { stream, log } = this.#parts;
    let brokenAt: number | undefined;
    for (const position of [this.#before, await stream.positions.load(reader)]) {
      if (position?.at === undefined || (await checkPosition(stream, position)) !== 'broken')
        continue;
      brokenAt = Math.max(brokenAt ?? 0, position.at);
    }
    if (brokenAt === undefined) return undefined;
    const from = await firstAfter(stream, brokenAt);
    log.warn({ from }, 'the log was set back: waiting for surveys that began since');
    return from;
  }

  /** From now on, and until the signal aborts, leaves word for those who come after. */
  savesUntil(signal: AbortSignal): void {
    const { timers } = this.#parts;
    const arm = (): void => {
      if (signal.aborted) return;
      const cancel = timers.after(saveEachMs, () => {
        signal.removeEventListener('abort', cancel);
        void this.#save();
        arm();
      });
      signal.addEventListener('abort', cancel, { once: true });
    };
    void this.#save();
    arm();
  }

  async #save(): Promise<void> {
    const { stream, log } = this.#parts;
    const { newest } = this.#memory;
    if (newest === undefined || this.#isSaving || newest.sequence === this.#saved) return;
    this.#isSaving = true;
    try {
      await stream.positions.save(reader, newest);
      this.#saved = newest.sequence;
    } catch (error) {
      log.debug({ err: error }, 'the position was not kept');
    } finally {
      this.#isSaving = false;
    }
  }
}

/** Sequence of the first message later than a log time; behind the end when there is none yet. */
async function firstAfter(stream: Pick<Stream, 'bounds' | 'at'>, at: number): Promise<number> {
  const { first, last } = await stream.bounds();
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isLater(stream, { from: middle, to: high, at })) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A message that is not there, or is not ours, is as late as the one that comes after it. */
async function isLater(
  stream: Pick<Stream, 'at'>,
  { from, to, at }: { readonly from: number; readonly to: number; readonly at: number },
): Promise<boolean> {
  for (let sequence = from; sequence < to; sequence += 1) {
    const message = await stream.at(sequence);
    if (message !== undefined) return message.at > at;
  }
  return true;
}
