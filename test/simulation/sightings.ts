import type { Answer, ObjectRef } from '#shared/cluster/cluster.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import { isDeleting, specOf } from './mirror.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { isKubeObject } from './simulated-store.ts';

type Sighting = { readonly object: KubeObject; readonly at: number };

export type SightingParts = {
  readonly now: () => number;
  /** How old a live read may be when the call that follows it arrives. */
  readonly freshMs: number;
};

/** How a set must have been when it was read. */
export type Fitness = { readonly evenIfLeaving: boolean; readonly generation?: number };

/** What each process has read of the cluster, and when. */
export class Sightings {
  readonly #parts: SightingParts;
  /** When each last found nothing in a place. */
  readonly #missed = new Map<SimulatedProcess, Map<string, number>>();
  readonly #seen = new Map<SimulatedProcess, Map<string, readonly Sighting[]>>();

  constructor(parts: SightingParts) {
    this.#parts = parts;
  }

  note(process: SimulatedProcess, answer: Answer<unknown>, ref: ObjectRef): void {
    if (!answer.ok && answer.failure.kind === 'not-found') {
      const missed = this.#missed.get(process) ?? new Map<string, number>();
      this.#missed.set(process, missed.set(placeOf(ref), this.#parts.now()));
    }
    if (!answer.ok || !isKubeObject(answer.value)) return;
    const seen = this.#seen.get(process) ?? new Map<string, readonly Sighting[]>();
    this.#seen.set(process, seen);
    const { uid } = answer.value.metadata;
    const sighting = { object: answer.value, at: this.#parts.now() };
    seen.set(uid, [...this.#fresh(process, uid), sighting]);
  }

  /** Calls of one process overtake each other, so any fresh read may be the one that a call rests on. */
  of(process: SimulatedProcess, uid: string): readonly KubeObject[] {
    return this.#fresh(process, uid).map(({ object }) => object);
  }

  /** Whether a process has lately looked for an object and found none, or another one under the name. */
  hasMissed(process: SimulatedProcess, ref: ObjectRef, uid: string): boolean {
    const oldest = this.#parts.now() - this.#parts.freshMs;
    const at = this.#missed.get(process)?.get(placeOf(ref));
    if (at !== undefined && at >= oldest) return true;
    return [...(this.#seen.get(process)?.values() ?? [])]
      .flat()
      .some(
        ({ object, at: seenAt }) =>
          seenAt >= oldest &&
          object.metadata.uid !== uid &&
          placeOf({ kind: object.kind, ...namedIn(object) }) === placeOf(ref),
      );
  }

  /** Why a process may not act for a set, by its own reads; undefined when it may. */
  unfitness(
    process: SimulatedProcess,
    uid: string,
    { evenIfLeaving, generation }: Fitness,
  ): string | undefined {
    const reads = this.of(process, uid);
    const isFit = reads.some(
      (live) =>
        (generation === undefined || live.metadata.generation === generation) &&
        (evenIfLeaving || (!isDeleting(live) && specOf(live)['paused'] !== true)),
    );
    if (isFit) return undefined;
    return reads.length === 0 ? 'without a live read of its set' : 'against all live reads';
  }

  #fresh(process: SimulatedProcess, uid: string): readonly Sighting[] {
    const oldest = this.#parts.now() - this.#parts.freshMs;
    return (this.#seen.get(process)?.get(uid) ?? []).filter(({ at }) => at >= oldest);
  }
}

function placeOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}

function namedIn({ metadata: { namespace = '', name } }: KubeObject): Omit<ObjectRef, 'kind'> {
  return { namespace, name };
}
