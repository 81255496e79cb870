import type { Pool, Vm } from '#shared/contract/objects.ts';
import { effectAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { poolMemberName, ordinalOf } from '../names.ts';
import { controllerOf, namedAs } from '../objects.ts';
import type { View } from '../view.ts';
import { hasPoolFinalizer } from './members.ts';

/**
 * Whether a VM was the pool's and was taken from it by hand: nobody controls it, it still carries the pool
 * finalizer, and it says that it is ours. That is either a label that names a revision of this very pool, or
 * a member's name beside an effect of this log: a label alone can be copied from a pool that is gone.
 */
export function isDetachedFrom(view: View, pool: Pool, vm: Vm): boolean {
  if (!hasPoolFinalizer(vm) || controllerOf(vm.meta) !== undefined) return false;
  if (vm.meta.namespace !== pool.meta.namespace) return false;
  return namesRevision(view, pool, vm) || isMadeFor(view, pool, vm);
}

function namesRevision(view: View, pool: Pool, { meta }: Vm): boolean {
  const name = meta.labels[revisionLabel];
  if (name === undefined) return false;
  return namedAs(view, 'ControllerRevision', { namespace: meta.namespace, name }).some(
    (revision) => controllerOf(revision.meta)?.uid === pool.meta.uid,
  );
}

function isMadeFor(view: View, pool: Pool, { meta }: Vm): boolean {
  const ordinal = ordinalOf(meta.name);
  if (ordinal === undefined || meta.name !== poolMemberName(pool.meta.name, ordinal)) return false;
  return meta.annotations[effectAnnotation]?.startsWith(`${view.lineage}.`) === true;
}
