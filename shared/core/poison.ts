import type { Fold } from './fold.ts';
import { touchAll } from './fold.ts';
import type { Poison, View } from './view.ts';

/** Notes records that could not be read: what they said is unknown, so destruction stops there. */
export function foldPoison(fold: Fold, poison: readonly Poison[]): void {
  if (poison.length === 0) return;
  for (const { namespace = '' } of poison) fold.view.poisoned.set(namespace, fold.sequence);
  touchAll(fold);
}

/** Forgets poison that surveys have made good. */
export function forgetPoison(view: View): void {
  for (const [namespace, sequence] of view.poisoned) {
    if (isCured(view, sequence)) view.poisoned.delete(namespace);
  }
}

/** A record of this namespace, or a frame of this shard, could not be read since the last surveys. */
export function isPoisoned(view: View, namespace: string): boolean {
  return view.poisoned.has('') || view.poisoned.has(namespace);
}

/**
 * Nobody knows of which kind the unreadable record was, so every kind that is surveyed at all must have
 * closed a survey that began after it.
 */
function isCured(view: View, sequence: number): boolean {
  const surveyed = [...view.kinds.values()].filter((kind) => kind.open ?? kind.closed);
  return surveyed.length > 0 && surveyed.every((kind) => (kind.closed?.beganAt ?? 0) > sequence);
}
