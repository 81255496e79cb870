import type { SetKind } from '#shared/contract/kinds.ts';
import type { Selector } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches } from '../selector.ts';

export type Selecting = {
  readonly kind: SetKind;
  readonly selector: Selector | undefined;
  /** Of the template. */
  readonly labels: Readonly<Record<string, string>>;
};

/** `reason` for programs, `message` a clause for people. */
export type SelectionProblem = {
  readonly reason: 'InvalidTemplate' | 'InvalidSelector' | 'SelectorMismatch';
  readonly message: string;
};

/**
 * Why a set's selector cannot tell its members from others. Asked at admission and, where no webhook is
 * called, before each decision. Sources: kubevirt vmpool-admitter.go, vmirs-admitter.go, replicaset.go.
 */
export function selectionProblem({
  kind,
  selector,
  labels,
}: Selecting): SelectionProblem | undefined {
  if (selector === undefined) {
    return { reason: 'InvalidSelector', message: 'the spec has no selector' };
  }
  const parsed = parseSelector(selector);
  if ('problem' in parsed) return { reason: 'InvalidSelector', message: parsed.problem };
  if (kind === 'VirtualMachineInstanceReplicaSet' && parsed.requirements.length === 0) {
    const message = 'the selector is empty and would take in every instance of the namespace';
    return { reason: 'InvalidSelector', message };
  }
  if (kind === 'VirtualMachineInstanceReplicaSet' && Object.keys(labels).length === 0) {
    return { reason: 'InvalidTemplate', message: 'the template has no labels' };
  }
  if (selectorMatches(parsed, labels)) return undefined;
  return {
    reason: 'SelectorMismatch',
    message: 'the selector does not match the labels of the template',
  };
}
