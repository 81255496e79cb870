import type { ScaledSet } from '#shared/contract/objects.ts';
import {
  annotationPrefix,
  effectAnnotation,
  modeAnnotation,
  pausedAnnotation,
  scaleInDisksAnnotation,
} from '#shared/contract/words.ts';

const known: ReadonlySet<string> = new Set([modeAnnotation, pausedAnnotation, effectAnnotation]);

/** Fields of a pool's spec that change what scale-in has to do. */
const strategies = ['scaleInStrategy', 'autohealing'] as const;

/**
 * Fields that ask for something that scale-in cannot do yet, sorted: a set that has one is never scaled
 * in, because the wrong member or the wrong disk would go.
 */
export function unsupportedFields(set: ScaledSet): readonly string[] {
  const present = set.kind === 'VirtualMachinePool' ? set.present : [];
  const fields = strategies.filter((field) => present.includes(field));
  const annotations = Object.entries(set.meta.annotations)
    .filter(([key, value]) => key.startsWith(annotationPrefix) && !isBuilt(key, value))
    .map(([key, value]) =>
      key === scaleInDisksAnnotation ? `annotation ${key}: ${value}` : `annotation ${key}`,
    );
  return [...fields.map((field) => `spec.${field}`), ...annotations].toSorted();
}

function isBuilt(key: string, value: string): boolean {
  return key === scaleInDisksAnnotation ? value === 'delete' : known.has(key);
}
