import type { Uid } from '#shared/contract/ids.ts';
import type { ScaledSet } from '#shared/contract/objects.ts';
import { desiredOf } from './objects.ts';
import type { Decided } from '#shared/contract/records.ts';
import type { Memory } from './view.ts';

/**
 * Follows a set's wanted size, because lower replicas are what explains that members go. `explained`
 * counts the removals that lowering has earned and that no decision has used; raising takes them back.
 */
export function noteDesired(memory: Memory, set: ScaledSet): void {
  const desired = desiredOf(set);
  const before = memory.desired;
  memory.desired = desired;
  if (before === undefined || before === desired) return;
  if (desired < before) {
    memory.loweredFrom = memory.explained === 0 ? before : Math.max(memory.loweredFrom, before);
    memory.explained += before - desired;
  } else {
    memory.explained = Math.max(0, memory.explained - (desired - before));
  }
}

/**
 * A plan tells how the set stood. One that has no member too many, or makes some, has nothing left to remove
 * because it was made smaller once: else what comes later would go by an explanation that is long spent.
 * Creates on their way may still become too many. A plan of before the size of now tells nothing of it.
 */
export function noteStanding(memory: Memory, { balance, commands }: Decided): void {
  const { desired, active, deleting, creating } = balance;
  if (memory.desired !== desired) return;
  const makes = commands.some(({ verb }) => verb === 'create-vm' || verb === 'create-vmi');
  if (makes || active - deleting + creating <= desired) memory.explained = 0;
}

/** A member is about to be destroyed: by lower replicas, as far as they reach. */
export function noteScaleIn(memory: Memory): { readonly explained: boolean } {
  if (memory.explained === 0) return { explained: false };
  memory.explained -= 1;
  return { explained: true };
}

/** A destruction certainly did not happen: it no longer counts, and what explained it is free again. */
export function undoDestroyed(memory: Memory, member: Uid): void {
  const destroyed = memory.destroyed.get(member);
  if (destroyed === undefined) return;
  memory.destroyed.delete(member);
  if (!destroyed.explained) return;
  // Replicas may have risen since: lowering never explains more than the distance it has kept.
  const fallen = Math.max(0, memory.loweredFrom - (memory.desired ?? 0));
  memory.explained = Math.min(memory.explained + 1, fallen);
}
