import type { Lease, Leases } from '#shared/stream/position.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

type Waiter = { readonly process: SimulatedProcess; readonly grant: () => void };

/**
 * Leases as they are: given up some time after their holder has died, and worth nothing against a
 * process that believes it holds one. An intruder is such a process.
 */
export class SimulatedLeases {
  readonly #time: VirtualTime;
  readonly #queues = new Map<string, Waiter[]>();
  readonly #intruders = new Set<SimulatedProcess>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The process is given every lease at once, whoever holds it. */
  intrude(process: SimulatedProcess): void {
    this.#intruders.add(process);
  }

  of(process: SimulatedProcess): Leases {
    return { hold: (name) => this.#hold(name, process) };
  }

  #hold(name: string, process: SimulatedProcess): Promise<Lease> {
    const lease: Lease = {
      lost: new Promise<never>(() => undefined),
      [Symbol.asyncDispose]: async () => this.#leave(name, process),
    };
    if (this.#intruders.has(process)) return Promise.resolve(lease);
    return new Promise((resolve) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      queue.push({ process, grant: () => resolve(lease) });
      if (queue.length === 1) queue[0]?.grant();
      process.onEnd(() => {
        this.#time.after(process.random.between(500, 8_000), () => this.#leave(name, process));
      });
    });
  }

  #leave(name: string, process: SimulatedProcess): void {
    const queue = this.#queues.get(name) ?? [];
    const at = queue.findIndex((waiter) => waiter.process === process);
    if (at < 0) return;
    queue.splice(at, 1);
    if (at === 0) queue[0]?.grant();
  }
}
