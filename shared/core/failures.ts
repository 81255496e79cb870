import type { Notice } from '#shared/contract/commands.ts';
import type { ScaledSet } from '#shared/contract/objects.ts';
import { refusalText, type CommandClass, type Refusal } from './refusals.ts';
import type { Memory } from './view.ts';

/** Reason of the Kubernetes event that tells a refusal; some classes are told by the status alone. */
export function failureReason(kind: CommandClass): string | undefined {
  switch (kind) {
    case 'create':
    case 'revision':
      return 'FailedCreate';
    case 'delete':
      return 'FailedDelete';
    case 'free':
    case 'retire':
    case 'release':
    case 'adopt':
    case 'update':
    case 'restart':
    case 'label':
    case 'preserve':
    case 'roll-back':
      return 'FailedUpdate';
    case 'secure':
    case 'secure-member':
    case 'prune':
    case 'status':
    case 'event':
      return undefined;
  }
}

/**
 * Events for refusals that have not been told: one for each reason, about the newest. Their texts are
 * upstream's, with our reason in the place of the API server's words.
 */
export function failureNotices(memory: Memory, set: ScaledSet): readonly Notice[] {
  const newest = new Map<string, Refusal>();
  for (const refusal of memory.refusals.values()) {
    const reason = failureReason(refusal.class);
    if (reason === undefined || refusal.behind !== undefined) continue;
    if (refusal.told >= refusal.count) continue;
    const other = newest.get(reason);
    if (other === undefined || isNewer(refusal, other)) newest.set(reason, refusal);
  }
  return [...newest.keys()].toSorted().flatMap((reason) => {
    const refusal = newest.get(reason);
    if (refusal === undefined) return [];
    return { type: 'Warning', reason, message: messageOf(refusal, set) };
  });
}

function isNewer(left: Refusal, right: Refusal): boolean {
  if (left.sequence !== right.sequence) return left.sequence > right.sequence;
  return `${left.class}/${left.name}` > `${right.class}/${right.name}`;
}

function messageOf(refusal: Refusal, set: ScaledSet): string {
  const isPool = set.kind === 'VirtualMachinePool';
  const text = refusalText(refusal);
  const place = `${set.meta.namespace}/${refusal.name}`;
  switch (refusal.class) {
    case 'create':
      return isPool
        ? `Error creating VM: ${text}`
        : `Error creating virtual machine instance: ${text}`;
    case 'revision':
      return `Error creating ControllerRevision ${refusal.name}: ${text}`;
    case 'delete':
      return isPool
        ? `Error deleting virtual machine ${place}: ${text}`
        : `Error deleting virtual machine instance ${refusal.name}: ${text}`;
    case 'free':
      return `Error removing finalizer for VM ${place}: ${text}`;
    case 'retire':
      return `Error removing finalizer for pool ${place}: ${text}`;
    case 'release':
      return `Error releasing ${refusal.name}: ${text}`;
    case 'adopt':
      return `Error adopting ${refusal.name}: ${text}`;
    case 'update':
      // Upstream has name and namespace the other way round (pool.go, handleUpdates).
      return `Error updating virtual machine ${refusal.name}/${set.meta.namespace}: ${text}`;
    case 'restart':
    case 'label':
      return `Error updating resource ${place}: ${text}`;
    case 'preserve':
      return `Error removing owner references of disk ${place}: ${text}`;
    case 'roll-back':
      return `Error rolling back ${place}: ${text}`;
    case 'secure':
    case 'secure-member':
    case 'prune':
    case 'status':
    case 'event':
      return text;
  }
}
