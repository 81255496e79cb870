import { modeAnnotation, modes } from '#shared/contract/words.ts';
import { strangeAnnotations } from '../annotations.ts';
import { invalid } from './cause.ts';
import type { Cause } from './cause.ts';
import { at, textsOf } from './read.ts';

export type AnnotationVerdict = {
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
};

/**
 * Annotations of ours that this write brings. A value that nobody understands is refused; a key that
 * nobody knows may be one of a later Rollcall, so it is only told.
 */
export function annotationVerdict(object: unknown, oldObject: unknown): AnnotationVerdict {
  const old = textsOf(at(oldObject, 'metadata', 'annotations'));
  const brought = Object.entries(textsOf(at(object, 'metadata', 'annotations'))).filter(
    ([key, value]) => old[key] !== value,
  );
  const strange = strangeAnnotations(Object.fromEntries(brought));
  const mode = Object.fromEntries(brought)[modeAnnotation];
  return {
    causes: [
      ...strange
        .filter(({ isKnown }) => isKnown)
        .map(({ key }) => invalid(pathOf(key), 'says nothing to Rollcall')),
      ...(mode === undefined || modes.some((known) => known === mode)
        ? []
        : [invalid(pathOf(modeAnnotation), `must be one of ${modes.join(', ')}`)]),
    ],
    warnings: strange
      .filter(({ isKnown }) => !isKnown)
      .map(({ key }) => `${key} is no annotation of Rollcall; it is not scaled in while it stands`),
  };
}

function pathOf(key: string): string {
  return `metadata.annotations[${key}]`;
}
