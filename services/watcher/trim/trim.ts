import type { RawObject } from '#shared/cluster/cluster.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { trimClaim } from './claim.ts';
import { trimDataVolume } from './data-volume.ts';
import { trimPool } from './pool.ts';
import { trimReplicaSet } from './replica-set.ts';
import { trimRevision } from './revision.ts';
import { boundSize } from './too-large.ts';
import { trimVirtualMachine } from './virtual-machine.ts';
import { trimVirtualMachineInstance } from './virtual-machine-instance.ts';
import { trimVolume } from './volume.ts';

/**
 * What may leave the cluster of an object: fields are copied one by one, so that one that nobody thought
 * of stays behind. Reads leniently; only an object without identity or numeric version is refused.
 */
export function trim(kind: Kind, raw: RawObject, key: DigestKey): Observable {
  return boundSize(trimKind(kind, raw, key));
}

function trimKind(kind: Kind, raw: RawObject, key: DigestKey): Observable {
  switch (kind) {
    case 'VirtualMachinePool':
      return trimPool(raw, key);
    case 'VirtualMachineInstanceReplicaSet':
      return trimReplicaSet(raw, key);
    case 'VirtualMachine':
      return trimVirtualMachine(raw);
    case 'VirtualMachineInstance':
      return trimVirtualMachineInstance(raw);
    case 'DataVolume':
      return trimDataVolume(raw);
    case 'PersistentVolumeClaim':
      return trimClaim(raw);
    case 'PersistentVolume':
      return trimVolume(raw);
    case 'ControllerRevision':
      return trimRevision(raw, key);
    default:
      return unreachable(kind);
  }
}
