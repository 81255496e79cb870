import { fieldOf } from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { modeOf, orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** KubeVirt's pool controller heals even while a pool is paused, and heals the VMs of others beside it. */
export const autohealing: Check = {
  name: 'autohealing',
  judge(seen) {
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    if (seen.kubevirtControllers !== 'running') {
      return [{ level: 'ok', found: "KubeVirt's controllers do not heal here" }];
    }
    const sets = seen.sets.value;
    const managed = new Set(
      sets.filter((set) => modeOf(set, seen) === 'manage').map(({ namespace }) => namespace),
    );
    const troubles = sets
      .filter(({ object }) => fieldOf(object, 'spec', 'autohealing') !== undefined)
      .filter(({ namespace }) => managed.has(namespace))
      .map((set): Finding => ({
        level: 'fail',
        about: `${set.namespace} ${formatSet(set.kind, set.name)}`,
        found: 'KubeVirt heals every VM of this namespace, so its sets are held as Contested',
        remedy:
          'take spec.autohealing out and write the annotation rollcall.dev/autohealing: "true" instead',
      }));
    return orFine(troubles, 'no pool heals where Rollcall manages');
  },
};
