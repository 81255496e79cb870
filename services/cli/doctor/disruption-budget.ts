import type { RawObject } from '#shared/cluster/cluster.ts';
import { parseSelector, selectorMatches } from '#shared/core/selector.ts';
import type { LiveSet } from '../live-sets.ts';
import { fieldOf, nameOf, namespaceOf, textAt, textsAt, vmTemplateOf } from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';
import { selectorIn } from './selector-in.ts';

/**
 * Kubernetes counts a share, or maxUnavailable, of what the pods' controllers scale to, and a virt-launcher
 * is controlled by a VMI, which scales to nothing: such a budget lets no pod go, and drains hang.
 */
export const disruptionBudget: Check = {
  name: 'disruption budgets',
  judge(seen) {
    if (!seen.budgets.ok) return unseen(seen.budgets.problem);
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    const sets = seen.sets.value;
    const troubles = seen.budgets.value.flatMap((budget): readonly Finding[] => {
      const limit = relativeLimit(budget);
      if (limit === undefined) return [];
      const about = `${namespaceOf(budget)} pdb/${nameOf(budget)}`;
      return sets
        .filter((set) => covers(budget, set))
        .map((set) => ({
          level: 'fail',
          about,
          found: `${limit} cannot be counted for the virt-launcher pods of ${formatSet(set.kind, set.name)}, so none may be evicted`,
          remedy: 'give it a whole number of minAvailable instead',
        }));
    });
    return orFine(troubles, 'none that cannot be counted');
  },
};

/** The field that Kubernetes has to count from a controller; undefined for a whole minAvailable. */
function relativeLimit(budget: RawObject): string | undefined {
  if (fieldOf(budget, 'spec', 'maxUnavailable') !== undefined) return 'maxUnavailable';
  const least = textAt(budget, 'spec', 'minAvailable');
  return least?.endsWith('%') === true ? `minAvailable ${least}` : undefined;
}

function covers(budget: RawObject, set: LiveSet): boolean {
  if (namespaceOf(budget) !== set.namespace) return false;
  const parsed = parseSelector(selectorIn(fieldOf(budget, 'spec', 'selector')));
  if ('problem' in parsed) return false;
  const template =
    set.kind === 'VirtualMachinePool'
      ? fieldOf(vmTemplateOf(set.object), 'spec', 'template')
      : fieldOf(set.object, 'spec', 'template');
  return selectorMatches(parsed, textsAt(template, 'metadata', 'labels'));
}
