import type { ScaledSet } from '#shared/contract/objects.ts';
import {
  annotationPrefix,
  autohealingAnnotation,
  effectAnnotation,
  modeAnnotation,
  pausedAnnotation,
  progressDeadlineAnnotation,
  replaceDisksAnnotation,
  rollBackAnnotation,
  scaleInDisksAnnotation,
  volumeSafetyAnnotation,
} from '#shared/contract/words.ts';
import type { Hold } from './situation.ts';

const flag = /^(true|false)$/;

/** Our annotations on a set, with the values that each may have. The mode has a hold of its own. */
const known: Readonly<Record<string, RegExp>> = {
  [modeAnnotation]: /.*/,
  [effectAnnotation]: /.*/,
  [replaceDisksAnnotation]: /.*/,
  [rollBackAnnotation]: /.*/,
  [pausedAnnotation]: flag,
  [autohealingAnnotation]: flag,
  [scaleInDisksAnnotation]: /^(delete|keep)$/,
  [progressDeadlineAnnotation]: /^\d{1,7}$/,
  [volumeSafetyAnnotation]: /^(enforce|warn|ignore)$/,
};

/**
 * Why a set is not scaled in: an annotation of ours that nobody understands. A misspelt word that should
 * have kept the disks must not lose them.
 */
export function annotationHold({ meta }: ScaledSet): Hold | undefined {
  if (meta.deletedAt !== undefined) return undefined;
  const wrong = strangeAnnotations(meta.annotations)
    .map(({ key, value, isKnown }) => (isKnown ? `${key}: ${value}` : key))
    .toSorted();
  if (wrong.length === 0) return undefined;
  const because = `not scaled in because of annotation ${wrong.join(', ')}, which says nothing to us`;
  return { reason: 'InvalidAnnotation', because };
}

export type StrangeAnnotation = {
  readonly key: string;
  readonly value: string;
  /** The key is one of ours, and its value none. */
  readonly isKnown: boolean;
};

/** Annotations under our prefix that say nothing to us, by key or by value. */
export function strangeAnnotations(
  annotations: Readonly<Record<string, string>>,
): readonly StrangeAnnotation[] {
  return Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(annotationPrefix) && known[key]?.test(value) !== true)
    .map(([key, value]) => ({ key, value, isKnown: known[key] !== undefined }));
}
