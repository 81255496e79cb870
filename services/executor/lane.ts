/**
 * Bounds the calls in flight, and backs off when the API server says that it is too much: the bound
 * halves on 429 and grows by one for each full round of answers (additive increase, multiplicative
 * decrease).
 */
export class Lane {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #bound: number;
  #inFlight = 0;

  constructor(most: number) {
    this.#most = most;
    this.#bound = most;
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many may be under way at present. */
  get bound(): number {
    return this.#bound;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#inFlight >= this.#bound) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inFlight += 1;
    }
    try {
      return await call();
    } finally {
      this.#bound = Math.min(this.#most, this.#bound + 1 / this.#bound);
      this.#leave();
    }
  }

  /** The API server asked for less. */
  throttled(): void {
    this.#bound = Math.max(1, this.#bound / 2);
  }

  /** Hands the place to whoever waits longest, unless the bound has shrunk below what is in flight. */
  #leave(): void {
    if (this.#inFlight > this.#bound) {
      this.#inFlight -= 1;
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight -= 1;
    else next();
    while (this.#inFlight + 1 <= this.#bound && this.#waiting.length > 0) {
      this.#inFlight += 1;
      this.#waiting.shift()?.();
    }
  }
}
