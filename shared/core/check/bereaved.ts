import { bereavedOf, isEndProven } from '../pool/bereaved.ts';
import { finding, type Checked } from './checked.ts';

/** I33: for a pool that is certainly gone, terminating VMs that it left behind are let go, and no more. */
export function checkBereaved(checked: Checked): readonly string[] {
  const { view, set, decided, moment } = checked;
  if (decided.set.gone !== true || set.kind !== 'VirtualMachinePool') return [];
  const left = new Set(bereavedOf(view, set.meta.uid)?.members.map(({ meta }) => meta.uid));
  return [
    ...finding(!isEndProven(view, set, moment), 'I33 it is not certain that the pool is gone'),
    ...decided.commands.flatMap((command) => {
      if (command.verb !== 'free-member' && command.verb !== 'preserve-disk') {
        return [`I33 ${command.verb} for a pool that is gone`];
      }
      const { name, uid } = command.member;
      return finding(!left.has(uid), `I33 ${name} does not hang on our finalizer alone`);
    }),
  ];
}
