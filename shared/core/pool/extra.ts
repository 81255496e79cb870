import type { Pool, Vm } from '#shared/contract/objects.ts';
import { effectAnnotation, extraAnnotation } from '#shared/contract/words.ts';
import { ordinalOf } from '../names.ts';
import { desiredOf } from '../objects.ts';

/**
 * Whether a VM says that it was made beside the others for a roll-out. Which members are the extra ones
 * cannot be told by their number, nor by their ordinals where a policy of scale-in has left gaps.
 */
export function isMarkedExtra({ meta }: Vm): boolean {
  const mark = meta.annotations[extraAnnotation];
  return mark !== undefined && mark === meta.annotations[effectAnnotation];
}

/** An extra member of a roll-out. Where the pool has grown up to its ordinal, it is one of the others. */
export function isExtra(set: Pool, vm: Vm): boolean {
  return isMarkedExtra(vm) && isBeyond(set, ordinalOf(vm.meta.name) ?? -1);
}

/** Whether an ordinal is none that a pool of this size fills first. */
export function isBeyond(set: Pool, ordinal: number): boolean {
  return ordinal >= desiredOf(set);
}
