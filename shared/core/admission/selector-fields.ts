import type { Selector } from '#shared/contract/objects.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import { fieldsOf, isSet, listOf, textsOf } from './read.ts';

/** A LabelSelector as it stands; one that is no object selects nothing that can be told. */
export function readSelector(raw: unknown): Selector | undefined {
  if (!isSet(raw)) return undefined;
  const { matchLabels, matchExpressions } = fieldsOf(raw);
  return {
    matchLabels: textsOf(matchLabels),
    matchExpressions: listOf(matchExpressions).map(readExpression),
  };
}

/** Equal for selectors that Go calls semantically equal: absent and empty are one. */
export function selectorKey(raw: unknown): string {
  return canonicalJson(readSelector(raw) ?? null);
}

function readExpression(raw: unknown) {
  const { key, operator, values } = fieldsOf(raw);
  return {
    key: typeof key === 'string' ? key : '',
    operator: typeof operator === 'string' ? operator : '',
    values: listOf(values).map(String),
  };
}

const part = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const domain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** What Go refuses when it parses a selector beyond its operators: keys and values that are no labels. */
export function labelProblem(selector: Selector): string | undefined {
  const pairs = [
    ...Object.entries(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).flatMap(({ key, values = [] }) =>
      values.length === 0 ? [[key, ''] as const] : values.map((value) => [key, value] as const),
    ),
  ].toSorted(([left], [right]) => compareText(left, right));
  for (const [key, value] of pairs) {
    if (!isLabelKey(key)) return `${JSON.stringify(key)} is not the key of a label`;
    if (!isLabelValue(value)) return `the value for ${key} is not the value of a label`;
  }
  return undefined;
}

function isLabelKey(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').toReversed();
  if (more.length > 0 || name.length > 63 || !part.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && domain.test(prefix));
}

function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && part.test(value));
}
