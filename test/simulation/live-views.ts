import type { View } from '#shared/core/view.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The views that reconcilers fold, for comparing them with the log. */
export class LiveViews {
  readonly #views = new Map<SimulatedProcess, View[]>();

  add(process: SimulatedProcess, view: View): void {
    const known = this.#views.get(process) ?? [];
    this.#views.set(process, known);
    known.push(view);
    process.onEnd(() => this.#views.delete(process));
  }

  of(process: SimulatedProcess): readonly View[] {
    return this.#views.get(process) ?? [];
  }
}
