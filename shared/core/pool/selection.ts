import type { Selection, SortPolicy, Vm } from '#shared/contract/objects.ts';
import { hashOf } from '../hash.ts';
import { ordinalOf } from '../names.ts';
import { byName } from '../objects.ts';
import { parseSelector, selectorMatches } from '../selector.ts';
import { msOf } from '../time.ts';

/** Whether a member may be taken at all. */
export type Selects = (member: Vm) => boolean;

/**
 * Reads the selectors of a policy; both must match. They look at the VMI template of a member, not at
 * its own labels nor at the node it runs on (kubevirt pool.go, filterVMs). A problem is a clause for
 * people: what cannot be read must never select everything.
 */
export function readSelection(
  selection: Selection | undefined,
): Selects | { readonly problem: string } {
  const labels = parseSelector(selection?.labels ?? {});
  if ('problem' in labels) return labels;
  const nodes: NodeTest[] = [];
  for (const requirement of selection?.nodes ?? []) {
    const test = nodeTest(requirement);
    if ('problem' in test) return test;
    nodes.push(test.holds);
  }
  return ({ vmiLabels = {}, nodeSelector = {} }) =>
    selectorMatches(labels, vmiLabels) && nodes.every((holds) => holds(nodeSelector));
}

/** Members in the order of a policy. It is total, so that the same facts give the same order (B30). */
export function sorted(members: readonly Vm[], sort: SortPolicy, salt: string): readonly Vm[] {
  return members.toSorted((left, right) => compare(left, right, { sort, salt }));
}

type NodeTest = (labels: Readonly<Record<string, string>>) => boolean;
type NodeRequirement = NonNullable<Selection['nodes']>[number];

function nodeTest(
  requirement: NodeRequirement,
): { readonly holds: NodeTest } | { readonly problem: string } {
  const { key, operator, values = [] } = requirement;
  if (operator !== 'Gt' && operator !== 'Lt') {
    const selector = parseSelector({ matchExpressions: [requirement] });
    if ('problem' in selector) return selector;
    return { holds: (labels) => selectorMatches(selector, labels) };
  }
  const bound = wholeNumber(values[0]);
  if (values.length !== 1 || bound === undefined) {
    return { problem: `${operator} on ${key} needs one whole number` };
  }
  return {
    holds: (labels) => {
      const value = wholeNumber(labels[key]);
      if (value === undefined) return false;
      return operator === 'Gt' ? value > bound : value < bound;
    },
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function compare(
  left: Vm,
  right: Vm,
  { sort, salt }: { readonly sort: SortPolicy; readonly salt: string },
): number {
  switch (sort) {
    case 'AscendingOrder':
      return ordinal(left) - ordinal(right) || byName(left, right);
    case 'DescendingOrder':
      return ordinal(right) - ordinal(left) || byName(right, left);
    case 'Newest':
      return birth(right) - birth(left) || ordinal(right) - ordinal(left) || byName(right, left);
    case 'Oldest':
      return birth(left) - birth(right) || ordinal(left) - ordinal(right) || byName(left, right);
    case 'Random':
      return draw(left, salt) - draw(right, salt) || byName(left, right);
  }
}

/** A member without a number was not made by us: it stands below all others. */
function ordinal({ meta }: Vm): number {
  return ordinalOf(meta.name) ?? -1;
}

function birth({ meta }: Vm): number {
  return msOf(meta.createdAt) ?? 0;
}

/** Deciding again must draw again what was drawn before. */
function draw({ meta }: Vm, salt: string): number {
  return hashOf(`${salt}/${meta.uid}`);
}
