import type { Uid } from '#shared/contract/ids.ts';
import type { Observable, Vm } from '#shared/contract/objects.ts';
import { isTerminating, isVm } from '../objects.ts';
import type { View } from '../view.ts';
import { hasPoolFinalizer } from './members.ts';

/** A VM that somebody has deleted and that our finalizer keeps. */
export function isHanging(object: Observable | undefined): object is Vm {
  return isVm(object) && isTerminating(object) && hasPoolFinalizer(object);
}

/**
 * Uids under which it may have to be decided what becomes of hanging VMs without a pool: that of an owner
 * that is not there, or the VM's own where nobody controls it.
 */
export function bereavedIn(view: View): readonly Uid[] {
  const uids: Uid[] = [];
  for (const [owner, owned] of view.owned) {
    if (view.objects.has(owner)) continue;
    if ([...owned].some((uid) => isHanging(view.objects.get(uid)))) uids.push(owner);
  }
  for (const loose of view.loose.values()) {
    for (const uid of loose) if (isHanging(view.objects.get(uid))) uids.push(uid);
  }
  return uids;
}
