import type { Attempt } from '#shared/cluster/reviews.ts';
import { kindAddresses, kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';

export type WantedRight = {
  /** A service, or `you`. */
  readonly who: string;
  readonly attempt: Attempt;
  /** What it is needed for: a command of yours, or the overlay that grants it. */
  readonly needs: string;
};

/** Rights without which something stands still; deploy/base and the overlays grant those of services. */
export function wantedRights(isManaging: boolean): readonly WantedRight[] {
  const watched = kinds.flatMap((kind) => {
    const { group, plural } = kindAddresses[kind];
    return ['list', 'watch'].map((verb) => ({
      who: 'watcher',
      attempt: { verb, group, resource: plural },
      needs: 'observe',
    }));
  });
  const pools = objectsOf('VirtualMachinePool');
  const vms = objectsOf('VirtualMachine');
  const written = isManaging ? writes() : [];
  const own = [pools, vms].map((object) => ({ verb: 'patch', ...object }));
  return [
    ...watched,
    ...written.map((attempt) => ({ who: 'executor', attempt, needs: 'hand-over' })),
    ...own.map((attempt) => ({ who: 'you', attempt, needs: 'rollcall release' })),
  ];
}

/** What effects do to objects; they write subresources of sets as well, which cannot be asked for here. */
function writes(): readonly Attempt[] {
  const verbs: readonly (readonly [Kind, readonly string[]])[] = [
    ['VirtualMachinePool', ['get', 'patch']],
    ['VirtualMachineInstanceReplicaSet', ['get', 'patch']],
    ['VirtualMachine', ['get', 'create', 'patch', 'delete']],
    ['VirtualMachineInstance', ['get', 'create', 'patch', 'delete']],
    // Without these a disk that is to be kept holds its member for ever.
    ['DataVolume', ['get', 'patch']],
    ['PersistentVolumeClaim', ['get', 'patch']],
    ['ControllerRevision', ['get', 'create', 'delete']],
  ];
  return [
    ...verbs.flatMap(([kind, all]) => all.map((verb) => ({ verb, ...objectsOf(kind) }))),
    { verb: 'create', group: '', resource: 'events' },
  ];
}

function objectsOf(kind: Kind): Pick<Attempt, 'group' | 'resource'> {
  const { group, plural } = kindAddresses[kind];
  return { group, resource: plural };
}

export function wordsForAttempt({ verb, group, resource }: Attempt): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}
