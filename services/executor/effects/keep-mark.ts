import type { Patch, RawObject } from '#shared/cluster/cluster.ts';
import { keepDisksAnnotation } from '#shared/contract/words.ts';
import { keepMarkOf } from '#shared/core/pool/keep-mark.ts';
import type { KeepMark } from '#shared/core/pool/keep-mark.ts';
import { annotationsOf } from '../live-set.ts';
import { controllerIn, isTerminating, preconditionsOf } from './owners.ts';

/**
 * What has to be written on a VM before a removal of this policy, so that whoever finds it going knows
 * what becomes of its disks without the log. A mark of a removal that never came is taken off again; what
 * somebody else has said stays. Undefined when the VM says it already. The patch holds for the version
 * that was read alone.
 */
export function markingFor(
  object: RawObject,
  { effect, keepDisks }: { readonly effect: string; readonly keepDisks?: boolean | undefined },
): Patch | undefined {
  const mark = markOf(object);
  if (keepDisks === true) return mark === 'none' ? withMark(object, effect) : undefined;
  return mark === 'ours' && !isTerminating(object) ? withMark(object, null) : undefined;
}

/** Whether a VM says that its disks stay, or might mean it: nothing that takes them along may be done to it. */
export function isGuarded(object: RawObject): boolean {
  switch (markOf(object)) {
    case 'wished':
    case 'unclear':
      // One that nobody owns goes with nobody.
      return isTerminating(object) || controllerIn(object) !== undefined;
    case 'ours':
      return isTerminating(object);
    case 'none':
      return false;
  }
}

function markOf(object: RawObject): KeepMark {
  return keepMarkOf(annotationsOf(object));
}

function withMark(object: RawObject, value: string | null): Patch {
  const annotations = { [keepDisksAnnotation]: value };
  return { type: 'merge', body: { metadata: { ...preconditionsOf(object), annotations } } };
}
