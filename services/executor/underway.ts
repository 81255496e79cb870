/**
 * Most commands begun and not settled, about 1 KB each. With more the log is read no further; what the
 * reconciler has pending is bounded for each set, but not the number of sets.
 */
const mostBegun = 20_000;

/** The work that is begun and has not ended: bounded, and what fails of it does not vanish. */
export class Underway {
  readonly #signal: AbortSignal;
  readonly #failed = Promise.withResolvers<never>();
  #begun = 0;
  #leave: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Rejects when some work failed by a fault of ours, which must end the process. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get isFull(): boolean {
    return this.#begun >= mostBegun && !this.#signal.aborted;
  }

  add(work: Promise<void>): void {
    this.#begun += 1;
    const ended = (): void => {
      this.#begun -= 1;
      this.#leave?.();
    };
    work.then(ended, (error: unknown) => {
      ended();
      if (!this.#signal.aborted) this.#failed.reject(error);
    });
  }

  /** Resolves when more may be begun, or when we are told to stop. */
  async room(): Promise<void> {
    const leave = (): void => this.#leave?.();
    this.#signal.addEventListener('abort', leave);
    while (this.isFull) await new Promise<void>((resolve) => (this.#leave = resolve));
    this.#signal.removeEventListener('abort', leave);
  }
}
