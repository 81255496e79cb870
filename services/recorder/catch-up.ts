import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';

const everyMs = 2_000;

/** Tells how far a long reading has come, every two seconds, until it reaches its target once. */
export class CatchUp {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #target: number;
  #toldAt: number;
  #isReached = false;

  constructor(
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
    target: number,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#target = target;
    this.#toldAt = clock.monotonicMs();
  }

  /** True once, at the first position that is not behind the target. */
  passed(sequence: number): boolean {
    if (this.#isReached) return false;
    this.#isReached = sequence >= this.#target;
    const now = this.#clock.monotonicMs();
    if (!this.#isReached && now - this.#toldAt >= everyMs) {
      this.#toldAt = now;
      this.#logger.info({ sequence, target: this.#target }, 'catching up');
    }
    return this.#isReached;
  }
}
