import type { SetKind } from './kinds.ts';

/** What kubectl takes for each kind: kind, plural, singular and short names. */
const spellings: Readonly<Record<SetKind, readonly string[]>> = {
  VirtualMachinePool: ['vmpool', 'vmpools', 'virtualmachinepool', 'virtualmachinepools'],
  VirtualMachineInstanceReplicaSet: [
    'vmirs',
    'vmirss',
    'virtualmachineinstancereplicaset',
    'virtualmachineinstancereplicasets',
  ],
};

/** The kind that a word names, spelled in any way that kubectl takes, with or without its group. */
export function setKindNamed(text: string): SetKind | undefined {
  const [word = ''] = text.toLowerCase().split('.');
  if (spellings.VirtualMachinePool.includes(word)) return 'VirtualMachinePool';
  return spellings.VirtualMachineInstanceReplicaSet.includes(word)
    ? 'VirtualMachineInstanceReplicaSet'
    : undefined;
}
