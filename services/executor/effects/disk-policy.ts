import { replaceDisksAnnotation } from '#shared/contract/words.ts';
import { keepsDisksOfMembers } from '#shared/core/admission/keeps-disks.ts';
import { textsOf } from '#shared/core/admission/read.ts';
import { strangeAnnotations } from '#shared/core/annotations.ts';
import { annotationsOf } from '../live-set.ts';
import type { LiveSet } from '../live-set.ts';
import type { JobOf } from './effect.ts';

/**
 * Whether a removal was decided under another word on disks than the pool's of now, and would lose some that
 * are to stay. Annotations raise no generation, so this has to be looked at beside it. What is to be
 * replaced, and has begun to go, goes on: its next machine would start on what is left of it.
 */
export function losesKeptDisks(
  { object, deleting }: LiveSet,
  { command, plan }: JobOf<'delete-member' | 'free-member'>,
): boolean {
  if (plan.set.kind !== 'VirtualMachinePool' || deleting) return false;
  if (command.verb === 'free-member') {
    const takesDisks = followsPolicy.has(command.purpose) && command.disks.length > 0;
    return takesDisks && keepsDisksOfMembers(object);
  }
  if (command.keepDisks === true) return false;
  const annotations = annotationsOf(object);
  if (command.purpose === 'replace') {
    const named = annotations[replaceDisksAnnotation];
    return named === undefined || named !== (command.revision ?? named);
  }
  if (command.purpose !== 'scale-in' && command.purpose !== 'surge') return false;
  return keepsDisksOfMembers(object) || strangeAnnotations(textsOf(annotations)).length > 0;
}

/** Removals whose disks stay or go as the pool says. */
const followsPolicy: ReadonlySet<string> = new Set(['scale-in', 'surge', 'free']);
