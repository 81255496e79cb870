import type { ScaledSet } from '#shared/contract/objects.ts';
import { unusedDisks, unusedText } from './admission/machine-rules.ts';
import { selectionProblem } from './admission/selector-rule.ts';
import type { SelectionProblem } from './admission/selector-rule.ts';

/** Why a spec cannot be acted on: `reason` for programs, `message` for people. */
export type SpecProblem = SelectionProblem;

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
  const claims = new Set(template.claims.map(({ name }) => name));
  const [unused] = unusedDisks(
    template.disks.map(({ name }) => name),
    claims,
  );
  if (unused !== undefined) return { reason: 'InvalidTemplate', message: unusedText(unused) };
  const { kind, selector } = set;
  return selectionProblem({ kind, selector, labels: template.labels });
}
