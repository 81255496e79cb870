import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Log } from '#shared/stream/log.ts';

/** Sequence of the last message that a reader will be given; 0 when there is none. */
export async function endOf(stream: Pick<Log, 'bounds' | 'at'>): Promise<number> {
  const { first, last } = await stream.bounds();
  for (let sequence = last; sequence >= first; sequence -= 1) {
    // Whatever is not ours is passed over in reading, so it cannot mark the end.
    if ((await stream.at(sequence)) !== undefined) return sequence;
  }
  return 0;
}

const sayEachMs = 2_000;

/** How far the folding of the log has come, for those who wait for it and those who wonder. */
export class Progress {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>();
  readonly #startedMs: number;
  #saidMs: number;
  #sequence: number;

  constructor(parts: { readonly log: Logger; readonly clock: Clock }, after: number) {
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#startedMs = this.#saidMs = parts.clock.monotonicMs();
    this.#sequence = after;
  }

  /** Resolves when everything up to a sequence is folded. */
  reached(sequence: number): Promise<void> {
    if (this.#sequence >= sequence) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ sequence, resolve });
    return promise;
  }

  /** Everything up to here is folded. */
  passed(sequence: number): void {
    this.#sequence = sequence;
    if (this.#waiting.size === 0) return;
    this.#say();
    for (const waiting of this.#waiting) {
      if (waiting.sequence > sequence) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #say(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#saidMs < sayEachMs) return;
    this.#saidMs = nowMs;
    const end = Math.max(...[...this.#waiting].map(({ sequence }) => sequence));
    const tookMs = Math.round(nowMs - this.#startedMs);
    this.#log.info({ sequence: this.#sequence, end, tookMs }, 'folding the log');
  }
}
