import { replaceDisksAnnotation } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Change, KubeObject } from '../../services/sandbox/store/types.ts';
import { isSetKind, replicasOf, specOf } from './mirror.ts';

/** `surge`: members beyond replicas that a roll-out may make. */
type Size = { readonly generation: number; readonly replicas: number; readonly surge: number };

const massWindowMs = 600_000;

/** How large people wanted each set to be, and how many of its members were deleted. */
export class Sizes {
  readonly #sizes = new Map<string, readonly Size[]>();
  /** Log times of our decisions to delete, one for each that was done, and how far replicas ever fell, by set. */
  readonly #deletions = new Map<string, readonly number[]>();
  readonly #fallen = new Map<string, number>();
  /** Sets of which people ever named a revision for which disks may be replaced. */
  readonly #named = new Set<string>();

  /** Follows what people want. */
  follow({ object, type }: Change): void {
    if (!isSetKind(object.kind) || type === 'DELETED') return;
    const { uid, generation = 0, annotations } = object.metadata;
    if (annotations?.[replaceDisksAnnotation] !== undefined) this.#named.add(uid);
    const sizes = this.#sizes.get(uid) ?? [];
    const last = sizes.at(-1);
    const replicas = replicasOf(object);
    if (last?.generation === generation) return;
    if (last !== undefined && replicas < last.replicas) {
      this.#fallen.set(uid, (this.#fallen.get(uid) ?? 0) + last.replicas - replicas);
    }
    this.#sizes.set(uid, [...sizes, { generation, replicas, surge: surgeOf(object) }]);
  }

  /** The log that the guard remembers by is another one. */
  forgetDeletions(): void {
    this.#deletions.clear();
  }

  /** How large a set was to be at a generation. */
  at(set: string, generation: number): number | undefined {
    return this.#sizes.get(set)?.find((size) => size.generation === generation)?.replicas;
  }

  /** The largest that a set was to be since a generation. */
  mostSince(set: string, generation: number): number {
    const sizes = (this.#sizes.get(set) ?? []).filter((size) => size.generation >= generation);
    return Math.max(...sizes.map(({ replicas, surge }) => replicas + surge));
  }

  /** Whether people have allowed that disks are replaced: that explains any number of deletions for it. */
  mayReplace(set: string): boolean {
    return this.#named.has(set);
  }

  /**
   * Counts a deletion; its number when it is one too many. Weaker than the guard itself: replicas that ever
   * fell explain as many deletions.
   */
  deleted(set: string, now: number, present: number): number | undefined {
    const all = [...(this.#deletions.get(set) ?? []), now];
    this.#deletions.set(set, all);
    const recent = all.filter((at) => at > now - massWindowMs && at <= now);
    const sizes = (this.#sizes.get(set) ?? []).map(({ replicas }) => replicas);
    const most = Math.max(10, 0.2 * Math.max(present + recent.length, ...sizes));
    return recent.length > most + (this.#fallen.get(set) ?? 0) ? recent.length : undefined;
  }
}

function surgeOf(set: KubeObject): number {
  const { updateStrategy } = specOf(set);
  const rolling = isRecord(updateStrategy) ? updateStrategy['rollingUpdate'] : undefined;
  const surge = isRecord(rolling) ? rolling['maxSurge'] : undefined;
  return typeof surge === 'number' ? surge : 0;
}
