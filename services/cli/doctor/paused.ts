import { pausedAnnotation } from '#shared/contract/words.ts';
import { fieldOf } from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { modeOf, orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** spec.paused keeps KubeVirt away while its controllers run, and Rollcall while they do not. */
export const paused: Check = {
  name: 'paused',
  judge(seen) {
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    const managed = seen.sets.value.filter((set) => modeOf(set, seen) === 'manage');
    const troubles = managed.flatMap((set): readonly Finding[] => {
      const about = `${set.namespace} ${formatSet(set.kind, set.name)}`;
      const isPaused = fieldOf(set.object, 'spec', 'paused') === true;
      if (seen.kubevirtControllers === 'running' && !isPaused) {
        return [
          {
            level: 'fail',
            about,
            found:
              "KubeVirt's controllers run and spec.paused is not true: the set is held as Contested",
            remedy: `set spec.paused: true; to pause Rollcall there is the annotation ${pausedAnnotation}`,
          },
        ];
      }
      if (seen.kubevirtControllers === 'off' && isPaused) {
        return [
          {
            level: 'warn',
            about,
            found: 'spec.paused is true: the set is not scaled',
            remedy: 'set spec.paused: false when it may be scaled again',
          },
        ];
      }
      return [];
    });
    return orFine(troubles, `${managed.length} managed sets, none paused wrongly`);
  },
};
