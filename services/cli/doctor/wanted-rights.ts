import type { Attempt } from '#shared/cluster/reviews.ts';
import { kindAddresses, kinds } from '#shared/contract/kinds.ts';

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
  const pools = { group: 'pool.kubevirt.io', resource: 'virtualmachinepools' };
  const vms = { group: 'kubevirt.io', resource: 'virtualmachines' };
  const vmis = { group: 'kubevirt.io', resource: 'virtualmachineinstances' };
  const written = isManaging
    ? [
        ...[vms, vmis].flatMap((object) =>
          ['get', 'create', 'patch', 'delete'].map((verb) => ({ verb, ...object })),
        ),
        { verb: 'patch', ...pools },
        { verb: 'create', group: '', resource: 'events' },
      ]
    : [];
  const own = [pools, vms].map((object) => ({ verb: 'patch', ...object }));
  return [
    ...watched,
    ...written.map((attempt) => ({ who: 'executor', attempt, needs: 'manage' })),
    ...own.map((attempt) => ({ who: 'you', attempt, needs: 'rollcall release' })),
  ];
}

export function wordsForAttempt({ verb, group, resource }: Attempt): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}
