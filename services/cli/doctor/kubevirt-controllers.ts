import { fieldOf, nameOf, namespaceOf, textAt } from '../raw-fields.ts';
import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

const flags = ['pool-controller-threads', 'rs-controller-threads'] as const;
const idle = flags.map((flag) => `"${flag}": "0"`).join(', ');

/** Whether KubeVirt's own two controllers run as Rollcall was told that they do. */
export const kubevirtControllers: Check = {
  name: "KubeVirt's controllers",
  judge(seen) {
    if (!seen.kubevirts.ok) return unseen(seen.kubevirts.problem);
    const { kubevirtControllers: told } = seen;
    const troubles = seen.kubevirts.value.flatMap((kubevirt): readonly Finding[] => {
      const about = `${namespaceOf(kubevirt)} kubevirt/${nameOf(kubevirt)}`;
      const set = fieldOf(kubevirt, 'spec', 'customizeComponents', 'flags', 'controller');
      const running = flags.filter((flag) => textAt(set, flag) !== '0');
      if (told === 'off' && running.length > 0) {
        return [
          {
            level: 'fail',
            about,
            found: `Rollcall was told that they are off, and ${running.join(' and ')} says nothing of that`,
            remedy: `in spec.customizeComponents.flags.controller write {${idle}}, or tell Rollcall ROLLCALL_KUBEVIRT_CONTROLLERS=running`,
          },
        ];
      }
      if (told === 'running' && running.length === 0) {
        return [
          {
            level: 'warn',
            about,
            found: 'both are idle, and Rollcall still waits for sets to be paused for them',
            remedy:
              'tell Rollcall ROLLCALL_KUBEVIRT_CONTROLLERS=off; on a cluster in the ConfigMap mode',
          },
        ];
      }
      return [];
    });
    const here = seen.kubevirts.value.length === 0 ? 'no KubeVirt is installed' : 'as told';
    return orFine(troubles, `${here}: ${told ?? 'not known here'}`);
  },
};
