import type { Selector } from '#shared/contract/objects.ts';
import { fieldOf, listAt, textAt, textsAt } from '../raw-fields.ts';

/** A LabelSelector out of any object. */
export function selectorIn(value: unknown): Selector {
  const expressions = listAt(value, 'matchExpressions').map((one) => ({
    key: textAt(one, 'key') ?? '',
    operator: textAt(one, 'operator') ?? '',
    values: listAt(one, 'values').filter((each) => typeof each === 'string'),
  }));
  return {
    ...(fieldOf(value, 'matchLabels') !== undefined && {
      matchLabels: textsAt(value, 'matchLabels'),
    }),
    ...(expressions.length > 0 && { matchExpressions: expressions }),
  };
}
