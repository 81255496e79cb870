import type { Selector } from '#shared/contract/objects.ts';
import { parseSelector, selectorMatches } from '#shared/core/selector.ts';
import type { LiveSet } from '../live-sets.ts';
import { fieldOf, textsAt, vmTemplateOf } from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';
import { selectorIn } from './selector-in.ts';

/** A set whose template's labels its selector does not match never counts what it makes. */
export const selectorLabels: Check = {
  name: 'selector and labels',
  judge(seen) {
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    const troubles = seen.sets.value.flatMap((set): readonly Finding[] => {
      const about = `${set.namespace} ${formatSet(set.kind, set.name)}`;
      const problem = problemWith(selectorIn(fieldOf(set.object, 'spec', 'selector')), set);
      if (problem === undefined) return [];
      const remedy = 'let spec.selector match the labels in the metadata of the template';
      return [{ level: 'fail', about, found: problem, remedy }];
    });
    return orFine(troubles, `${seen.sets.value.length} sets select what they make`);
  },
};

function problemWith(selector: Selector, set: LiveSet): string | undefined {
  const parsed = parseSelector(selector);
  if ('problem' in parsed) return `the selector cannot be used: ${parsed.problem}`;
  if (parsed.requirements.length === 0) return 'the selector is empty';
  if (selectorMatches(parsed, templateLabels(set))) return undefined;
  return 'the selector does not match the labels of the template';
}

/** Of the VM for a pool, of the VMI for a replica set. */
function templateLabels({ kind, object }: LiveSet): Readonly<Record<string, string>> {
  const template =
    kind === 'VirtualMachinePool' ? vmTemplateOf(object) : fieldOf(object, 'spec', 'template');
  return textsAt(template, 'metadata', 'labels');
}
