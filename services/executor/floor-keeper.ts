import type { Clock } from '#shared/process/clock.ts';
import { positionAt } from '#shared/stream/lineage.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Backlog } from './backlog.ts';
import { reader } from './starting-point.ts';

const saveEachMs = 1_000;

/** Keeps where the next executor may begin to read, a little behind what is settled. */
export class FloorKeeper {
  readonly #stream: Stream;
  readonly #clock: Clock;
  #saved: number;
  #savedAt = 0;

  constructor(
    { stream, clock }: { readonly stream: Stream; readonly clock: Clock },
    saved: number,
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#saved = saved;
  }

  /** Saves the floor if it has risen, not more often than once in a while. */
  async save(backlog: Backlog): Promise<void> {
    const now = this.#clock.monotonicMs();
    const floor = backlog.floor();
    if (now - this.#savedAt < saveEachMs || floor <= this.#saved) return;
    this.#savedAt = now;
    this.#saved = floor;
    const stream = this.#stream;
    // An outcome may stand far behind its decision: a log set back to between the two lacks it.
    const [message, newest] = await Promise.all([stream.at(floor), stream.at(backlog.read)]);
    if (message === undefined || newest === undefined) return;
    const read = { sequence: newest.sequence, hash: newest.hash };
    await stream.positions.save(reader, { ...positionAt(stream, message), read });
  }
}
