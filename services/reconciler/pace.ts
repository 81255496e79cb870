import type { Clock } from '#shared/process/clock.ts';

/** How long is rested for so much work: under load deciding takes a fifth of the time. */
const restForWork = 4;
/** Less than this is no rest: a timer takes a millisecond. */
const leastRestMs = 0.25;

/**
 * Keeps deciding from crowding out reading. Each decision walks over all members of its set, and under
 * load something arrives for a large set at every moment: what has arrived by the end of the rest is then
 * decided at once, for the price of one decision. After quiet nothing rests.
 */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #restsUntil = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Does a piece of deciding; the rest after it counts from its end. */
  timed<Value>(work: () => Value): Value {
    const began = this.#clock.monotonicMs();
    const value = work();
    const ended = this.#clock.monotonicMs();
    this.#restsUntil = Math.max(this.#restsUntil, ended) + (ended - began) * restForWork;
    return value;
  }

  /** Milliseconds until the next piece may begin; 0 for at once. */
  get restMs(): number {
    const rest = this.#restsUntil - this.#clock.monotonicMs();
    return rest < leastRestMs ? 0 : rest;
  }
}
