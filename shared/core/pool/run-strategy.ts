import type { Vm, Vmi } from '#shared/contract/objects.ts';
import { isFinished } from '../replicaset/members.ts';

/**
 * Whether KubeVirt starts a machine again by itself whose instance somebody has deleted: RerunOnFailure
 * does so only after a failure, the others on request alone (kubevirt vm.go, syncRunStrategy). A strategy of
 * a later version is not relied on. KubeVirt admits no VM without one, so that none is known tells nothing.
 */
export function comesBack(runStrategy: string | undefined): boolean {
  return runStrategy === undefined || runStrategy === 'Always' || runStrategy === 'Once';
}

/** Whether a roll-out may delete what a machine runs. What was to run once and has ended is not run again. */
export function mayRestart(vm: Vm, vmi: Vmi): boolean {
  return comesBack(vm.runStrategy) && !isOff(vm, vmi);
}

/**
 * Whether nothing that KubeVirt does by itself would make the machine ready: its guest has shut down,
 * somebody has stopped it or has yet to start it, or it waits for one that is migrated to it.
 */
export function isOff(vm: Vm, vmi: Vmi | undefined): boolean {
  switch (vm.runStrategy) {
    case 'Halted':
    case 'Manual':
      return vmi === undefined || isFinished(vmi);
    case 'Once':
      return vmi !== undefined && isFinished(vmi);
    case 'RerunOnFailure':
      return vmi === undefined ? isStopped(vm) : vmi.phase === 'Succeeded';
    case 'WaitAsReceiver':
      return vmi?.phase !== 'Running';
    default:
      return false;
  }
}

/** Before its first instance, and between a failure and the next one, it is not: those come by themselves. */
function isStopped({ printableStatus, consecutiveFailCount = 0 }: Vm): boolean {
  return printableStatus === 'Stopped' && consecutiveFailCount === 0;
}
