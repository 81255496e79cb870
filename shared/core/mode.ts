import type { ScaledSet } from '#shared/contract/objects.ts';
import type { Moment, Policy } from '#shared/contract/records.ts';
import { isMode, modeAnnotation, pausedAnnotation, type Mode } from '#shared/contract/words.ts';
import { contestedUntil } from './contest.ts';
import { emptyMemory, type View } from './view.ts';

/** How a set is treated. A mode that nobody knows is `observe`: the one that does nothing. */
export function modeOf(set: ScaledSet, policy: Policy): Mode {
  const annotated = set.meta.annotations[modeAnnotation];
  if (annotated === undefined) return policy.mode;
  return isMode(annotated) ? annotated : 'observe';
}

/** What is wrong with the mode annotation, for people. */
export function modeProblem(set: ScaledSet): string | undefined {
  const annotated = set.meta.annotations[modeAnnotation];
  if (annotated === undefined || isMode(annotated)) return undefined;
  return `annotation ${modeAnnotation} must be observe, advise or manage: only observing`;
}

/**
 * Whether scaling rests. While KubeVirt's controllers run, spec.paused is what keeps them away, so our
 * own annotation stands in for it.
 */
export function isPaused(set: ScaledSet, policy: Policy): boolean {
  return policy.kubevirtControllers === 'running'
    ? set.meta.annotations[pausedAnnotation] === 'true'
    : set.paused;
}

/**
 * Why KubeVirt's own controllers may act on this set too; undefined when it is ours alone. Its pool
 * controller heals even while paused, and heals the VMs of others in the namespace.
 */
export function contestedBy(
  view: View,
  set: ScaledSet,
  { now, policy }: Moment,
): string | undefined {
  if (policy.kubevirtControllers === 'off') {
    const memory = view.memories.get(set.meta.uid) ?? emptyMemory();
    if (contestedUntil(memory, now) === undefined) return undefined;
    return "KubeVirt's controllers are said to be off and wrote its status less than ten minutes ago";
  }
  if (!set.paused) return "KubeVirt's controllers run and spec.paused is not true";
  const healer = [...(view.sets.get(set.meta.namespace) ?? [])]
    .flatMap((uid) => view.objects.get(uid) ?? [])
    .filter((pool) => pool.kind === 'VirtualMachinePool' && pool.present.includes('autohealing'))
    .map((pool) => pool.meta.name)
    .toSorted()
    .at(0);
  if (healer === undefined) return undefined;
  return `KubeVirt's controllers run and pool ${healer} heals every VM of the namespace`;
}
