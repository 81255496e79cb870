import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches } from '../selector.ts';

/** Undefined for a selector that cannot be read: it takes nothing in and lets nothing go. */
export function matcherOf({ selector }: ReplicaSet): ((vmi: Vmi) => boolean) | undefined {
  const parsed = selector === undefined ? undefined : parseSelector(selector);
  if (parsed === undefined || 'problem' in parsed) return undefined;
  return ({ meta }) => selectorMatches(parsed, meta.labels);
}
