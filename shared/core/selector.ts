import type { Selector } from '#shared/contract/objects.ts';
import { compareText } from '#shared/lib/order.ts';

type Labels = Readonly<Record<string, string>>;

/** One condition on the labels of an object; all of a selector must hold. */
type Requirement =
  | { readonly key: string; readonly operator: '='; readonly value: string }
  | { readonly key: string; readonly operator: 'in' | 'notin'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'exists' | 'absent' };

/** A LabelSelector that can be used. An empty one matches every object. */
export type ParsedSelector = { readonly requirements: readonly Requirement[] };

export type SelectorProblem = { readonly problem: string };

/** Reads a LabelSelector with the rules of the API server; a problem is a clause for people. */
export function parseSelector(selector: Selector): ParsedSelector | SelectorProblem {
  const requirements: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]) => ({ key, operator: '=', value }),
  );
  for (const expression of selector.matchExpressions ?? []) {
    const requirement = requirementOf(expression);
    if ('problem' in requirement) return requirement;
    requirements.push(requirement);
  }
  return {
    requirements: requirements.toSorted(
      (left, right) => compareText(left.key, right.key) || compareText(textOf(left), textOf(right)),
    ),
  };
}

export function selectorMatches(selector: ParsedSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels));
}

/** The selector as Kubernetes prints it, sorted by key: what an autoscaler reads in the status. */
export function selectorText(selector: ParsedSelector): string {
  return selector.requirements.map(textOf).join(',');
}

type Expression = NonNullable<Selector['matchExpressions']>[number];

function requirementOf(expression: Expression): Requirement | SelectorProblem {
  const { key, operator, values = [] } = expression;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) return { problem: `${operator} on ${key} needs values` };
      return {
        key,
        operator: operator === 'In' ? 'in' : 'notin',
        values: [...new Set(values)].toSorted(compareText),
      };
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) return { problem: `${operator} on ${key} takes no values` };
      return { key, operator: operator === 'Exists' ? 'exists' : 'absent' };
    default:
      return { problem: `${operator} on ${key} is not an operator` };
  }
}

/** An object without the key satisfies `notin`, as in Kubernetes. */
function holds(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case '=':
      return value === requirement.value;
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
  }
}

function textOf(requirement: Requirement): string {
  switch (requirement.operator) {
    case '=':
      return `${requirement.key}=${requirement.value}`;
    case 'in':
    case 'notin':
      return `${requirement.key} ${requirement.operator} (${requirement.values.join(',')})`;
    case 'exists':
      return requirement.key;
    case 'absent':
      return `!${requirement.key}`;
  }
}
