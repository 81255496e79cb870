import type { ScaledSet } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches } from './selector.ts';

/** Why a spec cannot be acted on: `reason` for programs, `message` for people. */
export type SpecProblem = {
  readonly reason: 'InvalidTemplate' | 'InvalidSelector' | 'SelectorMismatch';
  readonly message: string;
};

/** Told by a watcher that named a pool's strategies and did not say what is in them. */
function isHalfKnown(set: ScaledSet): boolean {
  if (set.kind !== 'VirtualMachinePool' || set.meta.form !== undefined) return false;
  return set.present.includes('scaleInStrategy') || set.present.includes('updateStrategy');
}

/**
 * What keeps a set from being scaled. Upstream ignores such a set in silence (pool.go and replicaset.go,
 * execute); we say so, and go on freeing and retiring.
 */
export function specProblem(set: ScaledSet): SpecProblem | undefined {
  if (isHalfKnown(set)) {
    const message = 'the strategies of the pool are told by the next survey';
    return { reason: 'InvalidTemplate', message };
  }
  if (set.problem !== undefined) return { reason: 'InvalidTemplate', message: set.problem };
  const { template } = set;
  if (template === undefined) {
    return { reason: 'InvalidTemplate', message: 'the spec has no usable template' };
  }
  if (set.selector === undefined) {
    return { reason: 'InvalidSelector', message: 'the spec has no selector' };
  }
  const selector = parseSelector(set.selector);
  if ('problem' in selector) return { reason: 'InvalidSelector', message: selector.problem };
  if (
    set.kind === 'VirtualMachineInstanceReplicaSet' &&
    Object.keys(template.labels).length === 0
  ) {
    return { reason: 'InvalidTemplate', message: 'the template has no labels' };
  }
  if (selectorMatches(selector, template.labels)) return undefined;
  return {
    reason: 'SelectorMismatch',
    message: 'the selector does not match the labels of the template',
  };
}
