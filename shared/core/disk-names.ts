import type { Uid } from '#shared/contract/ids.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { isTerminating, namedAs, placeOf } from './objects.ts';
import type { View } from './view.ts';

/**
 * Who has a disk name that a new VM of a pool would use; undefined when it is free. A VM that finds a
 * DataVolume of its name starts on it, whoever owns it (kubevirt vm.go), so another's disk would be
 * written by two, and one whose owner is gone would vanish underneath. An ownerless disk that stays is
 * free to be taken up again.
 */
export function diskTakenBy(
  view: View,
  pool: Uid,
  place: { readonly namespace: string; readonly name: string },
): string | undefined {
  const dataVolumes = namedAs(view, 'DataVolume', place);
  const held = dataVolumes.find(isHeld);
  if (held !== undefined) return `DataVolume ${place.name}`;
  const free = new Set(dataVolumes.map((dataVolume) => dataVolume.meta.uid));
  const claim = namedAs(view, 'PersistentVolumeClaim', place).find(
    (object) => isTerminating(object) || object.meta.owners.some((owner) => !free.has(owner.uid)),
  );
  if (claim !== undefined) return `PersistentVolumeClaim ${place.name}`;
  return makerOf(view, pool, place);
}

function isHeld(object: Observable): boolean {
  return isTerminating(object) || object.meta.owners.length > 0;
}

/** Someone who will make the disk: a VM that stands already, or a create of another set. */
function makerOf(
  view: View,
  pool: Uid,
  place: { readonly namespace: string; readonly name: string },
): string | undefined {
  const key = placeOf(place.namespace, place.name);
  const vm = [...(view.makers.get(key) ?? [])]
    .flatMap((uid) => view.objects.get(uid)?.meta.name ?? [])
    .toSorted()
    .at(0);
  if (vm !== undefined) return `VM ${vm}`;
  const other = [...(view.claiming.get(key) ?? [])].some(
    (effect) => view.pending.get(effect)?.set !== pool,
  );
  return other ? 'a VM that another set is making' : undefined;
}
