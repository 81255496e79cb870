import { unreachable } from '#shared/lib/assert.ts';
import type { KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import type { Place } from './kinds.ts';
import type { Mirror } from './mirror.ts';
import { textAt } from './read.ts';
import { hasKnob } from './troubles.ts';

/** Who else has to look when an object changed. */
export function relatedTo(place: Place, object: KubeObject, mirror: Mirror): readonly Place[] {
  const { namespace, name } = place;
  switch (place.kind) {
    case 'VirtualMachineInstance':
      return [
        { kind: 'VirtualMachine', namespace, name },
        ...claimsOf(object).map((claim) => claimPlace(namespace, claim)),
      ];
    case 'DataVolume':
      return mirror.usersOf(namespace, name);
    case 'PersistentVolumeClaim': {
      const volume = textAt(object, 'spec', 'volumeName');
      return [
        { kind: 'DataVolume', namespace, name },
        ...(volume === undefined ? [] : [volumePlace(volume)]),
        ...mirror.usersOf(namespace, name),
      ];
    }
    case 'PersistentVolume': {
      const claimNamespace = textAt(object, 'spec', 'claimRef', 'namespace');
      const claim = textAt(object, 'spec', 'claimRef', 'name');
      if (claimNamespace === undefined || claim === undefined) return [];
      return [claimPlace(claimNamespace, claim)];
    }
    case 'VirtualMachine':
      // What it wants of its instance by annotation may have changed.
      return hasKnob(object) ? [{ kind: 'VirtualMachineInstance', namespace, name }] : [];
    case 'StorageClass':
    case 'Pod':
    case 'Node':
      return [];
    default:
      return unreachable(place.kind);
  }
}

function claimPlace(namespace: string, name: string): Place {
  return { kind: 'PersistentVolumeClaim', namespace, name };
}

function volumePlace(name: string): Place {
  return { kind: 'PersistentVolume', namespace: '', name };
}
