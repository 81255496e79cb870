import type { Purpose } from '#shared/contract/commands.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { scaleInDisksAnnotation } from '#shared/contract/words.ts';
import type { Memory } from '../view.ts';
import { isMarkedExtra } from './extra.ts';
import { isMarkedKept, keepMarkOf } from './keep-mark.ts';

/** Printable states in which the disk itself is what keeps a machine from starting. */
const brokenDisk: ReadonlySet<string> = new Set(['DataVolumeError', 'ErrorPvcNotFound']);

/**
 * Whether the disks of a member outlive it. What somebody has said of this one VM goes before all; then a
 * policy that the strategy sets goes before the pool's annotation.
 * Healing keeps disks unless the disk is the cause. Disks that are to be replaced, and those of a pool
 * that is being deleted, go (kubevirt pool.go 6.11).
 */
export function keepsDisks(pool: Pool, vm: Vm, purpose: Purpose): boolean {
  if (keepMarkOf(vm.meta.annotations) === 'wished') return true;
  switch (purpose) {
    case 'replace':
    case 'retire':
      return false;
    case 'heal':
      // Nothing comes back to the disks of an extra member: it is made anew wherever there is room.
      if (isMarkedExtra(vm) && !isKeeping(pool)) return false;
      return !brokenDisk.has(vm.printableStatus ?? '');
    case 'scale-in':
    case 'surge':
    case 'free':
    case 'clean-up':
      return isKeeping(pool);
  }
}

/** Whether the pool keeps the disks of members that scale-in takes. */
export function isKeeping({ scaleIn, meta }: Pool): boolean {
  if (scaleIn?.preservation !== undefined) return scaleIn.preservation !== 'Disabled';
  return meta.annotations[scaleInDisksAnnotation] === 'keep';
}

/**
 * Whether a terminating member leaves its disks behind. A decision to keep holds, whatever the spec says by
 * now (B7), and stands on the VM as well, for the log that holds it may be lost. One to lose them holds as
 * long as the pool does not say otherwise: until the member is let go its disks are there. Healing has
 * judged the machine while it could, and what is left of one that is replaced would be taken up again.
 */
export function kept(pool: Pool, memory: Memory, vm: Vm): boolean {
  const { uid } = vm.meta;
  if (memory.keeps.has(uid) || isMarkedKept(vm)) return true;
  const purpose = memory.purposes.get(uid) ?? 'free';
  return purpose !== 'heal' && keepsDisks(pool, vm, purpose);
}
