import type { Pool, Vm } from '#shared/contract/objects.ts';
import { effectAnnotation, revisionLabel, securedForAnnotation } from '#shared/contract/words.ts';
import { poolMemberName, ordinalOf } from '../names.ts';
import { controllerOf, isTerminating, namedAs } from '../objects.ts';
import type { View } from '../view.ts';
import { hasPoolFinalizer } from './members.ts';

/**
 * Whether a VM was the pool's and was taken from it by hand: nobody controls it, it still carries the pool
 * finalizer, and it says that it is ours. That is a label that names a revision of this very pool, a
 * member's name beside the effect that made it, or the pool's uid beside a finalizer that came later: a
 * label alone can be copied from a pool that is gone. Of which log the effect is does not matter, for
 * another log may have followed since.
 */
export function isDetachedFrom(view: View, pool: Pool, vm: Vm): boolean {
  if (!hasPoolFinalizer(vm) || controllerOf(vm.meta) !== undefined) return false;
  if (vm.meta.namespace !== pool.meta.namespace) return false;
  if (vm.meta.annotations[securedForAnnotation] === pool.meta.uid) return true;
  return namesRevision(view, pool, vm) || isMadeFor(pool, vm);
}

function namesRevision(view: View, pool: Pool, { meta }: Vm): boolean {
  const name = meta.labels[revisionLabel];
  if (name === undefined) return false;
  return namedAs(view, 'ControllerRevision', { namespace: meta.namespace, name }).some(
    (revision) => {
      const owner = controllerOf(revision.meta);
      return owner === undefined ? isOrphanOf(pool, name) : owner.uid === pool.meta.uid;
    },
  );
}

/** A pool that is deleted with orphans loses its revisions while it loses its members. */
function isOrphanOf(pool: Pool, revision: string): boolean {
  const prefix = `${pool.meta.name}-`;
  if (!isTerminating(pool) || !revision.startsWith(prefix)) return false;
  return /^\d+(-\d+)?$/.test(revision.slice(prefix.length));
}

function isMadeFor(pool: Pool, { meta }: Vm): boolean {
  const ordinal = ordinalOf(meta.name);
  if (ordinal === undefined || meta.name !== poolMemberName(pool.meta.name, ordinal)) return false;
  return meta.annotations[effectAnnotation] !== undefined;
}
