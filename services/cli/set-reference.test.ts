import { expect, test } from 'vitest';
import { formatSet, parseSet } from './set-reference.ts';

test.for([
  ['vmpool/web', 'VirtualMachinePool'],
  ['vmpools/web', 'VirtualMachinePool'],
  ['VirtualMachinePool/web', 'VirtualMachinePool'],
  ['virtualmachinepools.pool.kubevirt.io/web', 'VirtualMachinePool'],
  ['vmirs/web', 'VirtualMachineInstanceReplicaSet'],
  ['virtualmachineinstancereplicasets/web', 'VirtualMachineInstanceReplicaSet'],
] as const)('%s is a %s', ([text, kind]) => {
  expect(parseSet(text)).toEqual({ kind, name: 'web' });
});

test.for(['web', 'vmpool/', '/web', 'vm/web', 'vmpool/web/x', ''])(
  '"%s" names no set, and the sentence says how to write one',
  (text) => {
    expect(() => parseSet(text)).toThrow(/names no set; write vmpool\/NAME or vmirs\/NAME/);
  },
);

test('a set is written in a way that can be read back', () => {
  expect(formatSet('VirtualMachinePool', 'web')).toBe('vmpool/web');
  expect(parseSet(formatSet('VirtualMachineInstanceReplicaSet', 'web')).kind).toBe(
    'VirtualMachineInstanceReplicaSet',
  );
});
