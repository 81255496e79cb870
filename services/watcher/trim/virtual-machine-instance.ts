import type { Vmi } from '#shared/contract/objects.ts';
import { readClaims } from './disks.ts';
import { readReady } from './machine-state.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, textOf } from './read.ts';
import type { Fields } from './read.ts';

export function trimVirtualMachineInstance(raw: Fields): Vmi {
  const { spec, status } = raw;
  const phase = textOf(fieldsOf(status)['phase']);
  const nodeName = textOf(fieldsOf(status)['nodeName']);
  const ready = readReady(status);
  return {
    kind: 'VirtualMachineInstance',
    meta: readMeta('VirtualMachineInstance', raw['metadata']),
    ...(phase === undefined ? {} : { phase }),
    ...(nodeName === undefined ? {} : { nodeName }),
    claims: readClaims(spec),
    ...(ready === undefined ? {} : { ready }),
  };
}
