import type { Clock } from '#shared/process/clock.ts';

/**
 * Time by the log: the broker's stamp of the newest message plus what has passed here since it came. Our
 * own time of day may be wrong; the difference of two of its readings is not.
 */
export class LogClock {
  readonly #clock: Clock;
  #newest = 0;
  #arrived = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  saw(at: number): void {
    // After a time without connection, what comes first is old: it does not turn the time back.
    if (at <= this.now()) return;
    this.#newest = at;
    this.#arrived = this.#clock.monotonicMs();
  }

  now(): number {
    return this.#newest + (this.#clock.monotonicMs() - this.#arrived);
  }
}
