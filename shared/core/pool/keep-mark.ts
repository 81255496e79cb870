import { effectIdPattern } from '#shared/contract/ids.ts';
import type { Vm } from '#shared/contract/objects.ts';
import { keepDisksAnnotation } from '#shared/contract/words.ts';
import { isTerminating } from '../objects.ts';

/**
 * What a VM itself says of its disks, which holds however much of the log is lost.
 *
 * `wished`: somebody wants them kept, whatever removes this machine. `ours`: a removal that keeps them was
 * begun. It may never have been carried out, as when replicas were raised again in between; so it counts
 * on a VM that is going, and the next removal that does not keep disks takes it off first.
 */
export type KeepMark = 'wished' | 'ours' | 'none' | 'unclear';

export function keepMarkOf(annotations: Readonly<Record<string, unknown>>): KeepMark {
  const value = annotations[keepDisksAnnotation];
  if (value === undefined || value === 'false') return 'none';
  if (value === 'true') return 'wished';
  return typeof value === 'string' && effectIdPattern.test(value) ? 'ours' : 'unclear';
}

/** Whether the VM says that its disks are to outlive it. */
export function isMarkedKept(vm: Vm): boolean {
  const mark = keepMarkOf(vm.meta.annotations);
  return mark === 'wished' || (mark === 'ours' && isTerminating(vm));
}
