import type { SetKind } from '#shared/contract/kinds.ts';
import { invalid, required } from './cause.ts';
import type { Cause } from './cause.ts';
import { at, textsOf } from './read.ts';
import { labelProblem, readSelector, selectorKey } from './selector-fields.ts';
import { selectionProblem } from './selector-rule.ts';

export type SelectorCheck = {
  readonly kind: SetKind;
  readonly spec: unknown;
  readonly template: unknown;
  /** Path of the template, as it is spelled. */
  readonly field: string;
};

/** Whether the selector can be read and is what the template's labels answer to. */
export function selectorCauses({ kind, spec, template, field }: SelectorCheck): readonly Cause[] {
  const selector = readSelector(at(spec, 'selector'));
  const problem = selector === undefined ? undefined : labelProblem(selector);
  if (problem !== undefined) return [invalid('spec.selector', problem)];
  const labels = textsOf(at(template, 'metadata', 'labels'));
  const found = selectionProblem({ kind, selector, labels });
  if (found === undefined) return [];
  if (found.reason === 'InvalidTemplate') {
    return [required(`${field}.metadata.labels`, found.message)];
  }
  const cause = selector === undefined ? required : invalid;
  return [cause('spec.selector', found.message)];
}

/**
 * A set knows its members by its selector: with another one it would let go of all of them at once.
 * Source: kubevirt vmpool-admitter.go; KubeVirt lets a replica set change it.
 */
export function immutableCauses(spec: unknown, oldSpec: unknown): readonly Cause[] {
  const same = selectorKey(at(spec, 'selector')) === selectorKey(at(oldSpec, 'selector'));
  return same ? [] : [invalid('spec.selector', 'the selector is immutable after creation')];
}
