import { effectIdPattern } from '#shared/contract/ids.ts';
import type { Member, ScaledSet } from '#shared/contract/objects.ts';
import {
  annotationPrefix,
  autohealingAnnotation,
  effectAnnotation,
  extraAnnotation,
  keepDisksAnnotation,
  modeAnnotation,
  pausedAnnotation,
  progressDeadlineAnnotation,
  replaceDisksAnnotation,
  rollBackAnnotation,
  scaleInDisksAnnotation,
  securedForAnnotation,
  volumeSafetyAnnotation,
} from '#shared/contract/words.ts';
import type { Hold } from './situation.ts';

const flag = /^(true|false)$/;

type Known = Readonly<Record<string, RegExp>>;

/** Our annotations on a set, with the values that each may have. The mode has a hold of its own. */
const ofSet: Known = {
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

/** Our annotations on a pool's VM. */
const ofMember: Known = {
  [effectAnnotation]: /.*/,
  [securedForAnnotation]: /.*/,
  [extraAnnotation]: effectIdPattern,
  [keepDisksAnnotation]: new RegExp(`${flag.source}|${effectIdPattern.source}`),
};

/**
 * Why a set is not scaled in: an annotation of ours that nobody understands. A misspelt word that should
 * have kept the disks must not lose them.
 */
export function annotationHold({ meta }: ScaledSet): Hold | undefined {
  if (meta.deletedAt !== undefined) return undefined;
  const strange = strangeAnnotations(meta.annotations);
  if (strange.length === 0) return undefined;
  const because = `not scaled in because of annotation ${inWords(strange)}, which says nothing to us`;
  return { reason: 'InvalidAnnotation', because };
}

/** Whether a VM carries an annotation of ours that nobody understands: it may be about its disks. */
export function isUnclear({ kind, meta }: Member): boolean {
  return kind === 'VirtualMachine' && strangeAnnotations(meta.annotations, ofMember).length > 0;
}

/** Why members that have to go stay, or hang, until somebody has said more clearly what is meant. */
export function memberHold(unclear: readonly Member[]): Hold | undefined {
  const [first, ...others] = unclear;
  if (first === undefined) return undefined;
  const strange = inWords(strangeAnnotations(first.meta.annotations, ofMember));
  const rest = others.length === 0 ? '' : `; so do ${others.length} more`;
  const because = `${first.meta.name} stays because of its annotation ${strange}, which says nothing to us${rest}`;
  return { reason: 'InvalidAnnotation', because };
}

function inWords(strange: readonly StrangeAnnotation[]): string {
  return strange
    .map(({ key, value, isKnown }) => (isKnown ? `${key}: ${value}` : key))
    .toSorted()
    .join(', ');
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
  known: Known = ofSet,
): readonly StrangeAnnotation[] {
  return Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(annotationPrefix) && known[key]?.test(value) !== true)
    .map(([key, value]) => ({ key, value, isKnown: known[key] !== undefined }));
}
