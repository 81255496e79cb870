import type { Clock } from '#shared/process/clock.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export const roles = ['watcher', 'reconciler', 'executor', 'recorder'] as const;
export type Role = (typeof roles)[number];

/**
 * One run of a service. Code cannot be killed, but cut off: after its end no port answers it any more,
 * so whatever it still meant to do it never does.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly role: Role;
  readonly random: Random;
  readonly stop = new AbortController();
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #endings = new Set<() => void>();
  #alive = true;

  constructor(
    name: string,
    parts: { readonly role: Role; readonly random: Random; readonly time: VirtualTime },
  ) {
    this.name = name;
    this.role = parts.role;
    this.random = parts.random;
    this.#time = parts.time;
    // Every machine has its own idea of the time of day.
    const skew = parts.random.between(-3_600_000, 3_600_000);
    this.clock = {
      monotonicMs: () => this.#time.elapsed(),
      wallMs: () => this.#time.now() + skew,
      sleep: (forMs, signal) => this.sleep(forMs, signal),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Runs once when the process ends, however it does. */
  onEnd(run: () => void): void {
    if (this.#alive) this.#endings.add(run);
    else run();
  }

  offEnd(run: () => void): void {
    this.#endings.delete(run);
  }

  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    const endings = [...this.#endings];
    this.#endings.clear();
    for (const run of endings) run();
  }

  /** Ends without a word, and lets go of what its code waits for. */
  abandon(): void {
    this.#alive = false;
    this.#endings.clear();
    this.stop.abort();
  }

  /** Runs after a time, unless the process has ended by then. */
  after(ms: number, run: () => void): () => void {
    return this.#time.after(ms, () => {
      if (this.#alive) run();
    });
  }

  /** What a promise comes to, for as long as the process lives. */
  whileAlive<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (this.#alive) resolve(value);
        },
        (error: unknown) => {
          if (this.#alive) reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  sleep(forMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        cancel();
        if (this.#alive) reject(new DOMException('the sleep was cut short', 'AbortError'));
      };
      const cancel = this.after(forMs, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      if (signal?.aborted === true) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
