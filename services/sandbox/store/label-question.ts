import { isRecord } from '#shared/lib/canonical.ts';

type Labels = Readonly<Record<string, string>>;

/** A LabelSelector object as a question to labels; one that is empty or absent finds everything. */
export function labelQuestion(selector: unknown): (labels: Labels) => boolean {
  const { matchLabels, matchExpressions } = isRecord(selector) ? selector : {};
  const pairs = Object.entries(isRecord(matchLabels) ? matchLabels : {});
  const expressions = Array.isArray(matchExpressions) ? matchExpressions.filter(isRecord) : [];
  return (labels) =>
    pairs.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => holds(expression, labels));
}

function holds(expression: Readonly<Record<string, unknown>>, labels: Labels): boolean {
  const { key, operator, values } = expression;
  const value = typeof key === 'string' ? labels[key] : undefined;
  const known: readonly unknown[] = Array.isArray(values) ? values : [];
  switch (operator) {
    case 'In':
      return value !== undefined && known.includes(value);
    case 'NotIn':
      return value === undefined || !known.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
