import type { Memory } from '../../services/reconciler/footing.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/**
 * What reconcilers remember of the log. One that notices that it is another begins anew with what it
 * remembers; one that crashes takes it along.
 */
export class Memories {
  readonly #left: Memory[] = [];
  readonly #of = new Map<SimulatedProcess, Memory>();

  of(process: SimulatedProcess): Memory {
    const memory = this.#left.shift() ?? {};
    this.#of.set(process, memory);
    process.onEnd(() => this.#of.delete(process));
    return memory;
  }

  /** The process begins anew: the next one that starts is the same. */
  keep(process: SimulatedProcess): void {
    const memory = this.#of.get(process);
    if (memory !== undefined) this.#left.push(memory);
  }
}
