import type { Vm } from '#shared/contract/objects.ts';
import { readClaims, readDisks } from './disks.ts';
import { readNodeSelector, readReady, readRunStrategy } from './machine-state.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, intOf, textMapOf, textOf } from './read.ts';
import type { Fields } from './read.ts';

export function trimVirtualMachine(raw: Fields): Vm {
  const { spec, status } = raw;
  const vmi = fieldsOf(fieldsOf(spec)['template']);
  const { printableStatus, startFailure } = fieldsOf(status);
  const runStrategy = readRunStrategy(spec);
  const printable = textOf(printableStatus);
  const ready = readReady(status);
  const consecutiveFailCount = intOf(fieldsOf(startFailure)['consecutiveFailCount']);
  return {
    kind: 'VirtualMachine',
    meta: readMeta('VirtualMachine', raw['metadata']),
    vmiLabels: textMapOf(fieldsOf(vmi['metadata'])['labels']),
    ...readNodeSelector(vmi['spec']),
    ...(runStrategy === undefined ? {} : { runStrategy }),
    disks: readDisks(spec),
    claims: readClaims(vmi['spec']),
    ...(printable === undefined ? {} : { printableStatus: printable }),
    ...(ready === undefined ? {} : { ready }),
    ...(consecutiveFailCount === undefined ? {} : { consecutiveFailCount }),
  };
}
