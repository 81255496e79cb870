import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** A machine that comes with a name finds the disks of that name, with whatever is on them. */
export const leftoverDisks: Check = {
  name: 'kept disks',
  judge({ leftovers }) {
    if (!leftovers.ok) return unseen(leftovers.problem);
    const troubles = leftovers.value.flatMap(({ namespace, claim, size, takenUpBy }) =>
      takenUpBy === undefined
        ? []
        : [
            {
              level: 'warn',
              about: `${namespace} pvc/${claim ?? '?'}`,
              found: `${takenUpBy.member} of ${takenUpBy.set} would start on this disk${size === undefined ? '' : ` of ${size}`}`,
              remedy: 'delete or rename it first, if that machine is to begin empty',
            } satisfies Finding,
          ],
    );
    const others = leftovers.value.length;
    return orFine(troubles, `${others} disks are left over, none that a machine would take up`);
  },
};
