import { isMode, modeAnnotation } from '#shared/contract/words.ts';
import { textsAt } from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { modeOf, orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** A mode that nobody knows is treated as observe, which may surprise. */
export const mode: Check = {
  name: 'mode',
  judge(seen) {
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    const sets = seen.sets.value;
    const unknown = sets.flatMap((set): readonly Finding[] => {
      const annotated = textsAt(set.object, 'metadata', 'annotations')[modeAnnotation];
      if (annotated === undefined || isMode(annotated)) return [];
      return [
        {
          level: 'fail',
          about: `${set.namespace} ${formatSet(set.kind, set.name)}`,
          found: `${modeAnnotation} is "${annotated}", so the set is only observed`,
          remedy: 'write observe, advise or manage',
        },
      ];
    });
    const managed = sets.filter((set) => modeOf(set, seen) === 'manage').length;
    const standard = seen.mode === undefined ? 'not known here' : seen.mode;
    return orFine(unknown, `default ${standard}; ${managed} of ${sets.length} sets are managed`);
  },
};
