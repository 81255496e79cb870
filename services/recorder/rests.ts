import type { ScaledSet } from '#shared/contract/objects.ts';
import { pausedAnnotation } from '#shared/contract/words.ts';

/**
 * Whether it is certain that nobody keeps the size of a set, because it is paused. spec.paused alone does
 * not tell: while KubeVirt's controllers run it is what keeps them away, and the annotation stands in for
 * it. Else the condition tells that stands since KubeVirt wrote the status last: it is ours.
 */
export function rests({ meta, paused, status, kubevirtWroteAt }: ScaledSet): boolean {
  if (!paused) return false;
  if (meta.annotations[pausedAnnotation] === 'true') return true;
  const told = status.conditions?.find(({ type }) => type === 'ReplicaPaused');
  if (told?.status !== 'True') return false;
  return kubevirtWroteAt === undefined || (told.lastTransitionTime ?? '') > kubevirtWroteAt;
}
