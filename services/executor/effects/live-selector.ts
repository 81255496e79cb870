import type { RawObject } from '#shared/cluster/cluster.ts';
import { selectorSchema } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches } from '#shared/core/selector.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { LiveSet } from '../live-set.ts';

/** Whether the set's selector, as it stands now, matches an object; `unknown` if it cannot be read. */
export function matchesSelector(set: LiveSet, object: RawObject): 'yes' | 'no' | 'unknown' {
  const spec = set.object['spec'];
  const parsed = selectorSchema.safeParse(isRecord(spec) ? spec['selector'] : undefined);
  if (!parsed.success) return 'unknown';
  const selector = parseSelector(parsed.data);
  if ('problem' in selector) return 'unknown';
  return selectorMatches(selector, labelsOf(object)) ? 'yes' : 'no';
}

/** The labels of an object; only those that are text. */
export function labelsOf(object: RawObject): Readonly<Record<string, string>> {
  const labels = object.metadata?.['labels'];
  const found: [string, string][] = [];
  for (const [key, value] of Object.entries(isRecord(labels) ? labels : {})) {
    if (typeof value === 'string') found.push([key, value]);
  }
  return Object.fromEntries(found);
}
