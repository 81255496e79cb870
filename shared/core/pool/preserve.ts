import type { Observable, Vm } from '#shared/contract/objects.ts';
import { endangeredDisks } from '../disks.ts';
import { perTarget, type Commands } from '../per-target.ts';
import type { Situation } from '../situation.ts';

export type Preserving = Commands & {
  /** Members whose disks still hang on them. */
  readonly clinging: readonly Vm[];
};

/**
 * The first rungs of the ladder on which a member goes without its disks: each disk that still names it
 * as an owner is freed of it, and only when none is seen to do so any more is the member let go. What was
 * refused is tried again, under the policy under which the member went (B7).
 */
export function preserveDisks(situation: Situation, members: readonly Vm[]): Preserving {
  const targets = members.flatMap((vm) =>
    disksOwnedBy(situation, vm).map((disk) => ({ vm, disk })),
  );
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'preserve-disk',
    targets,
    uidOf: ({ disk }) => disk.uid,
    command: ({ vm: { meta }, disk }, effect) => ({
      verb: 'preserve-disk',
      effect,
      because: `${disk.name} is kept when ${meta.name} goes`,
      member: { name: meta.name, uid: meta.uid },
      disk,
    }),
  });
  return { commands, clinging: targets.map(({ vm }) => vm), wakeAt };
}

type OwnedDisk = {
  readonly kind: 'DataVolume' | 'PersistentVolumeClaim';
  readonly name: string;
  readonly uid: Observable['meta']['uid'];
};

/** Of each endangered disk the outermost object that names the member: what hangs on that one stays with it. */
function disksOwnedBy({ view }: Situation, vm: Vm): readonly OwnedDisk[] {
  const found = new Map<string, OwnedDisk>();
  for (const { dataVolume, claim } of endangeredDisks(view, vm)) {
    if (dataVolume !== undefined) found.set(dataVolume.uid, { kind: 'DataVolume', ...dataVolume });
    else if (claim !== undefined) found.set(claim.uid, { kind: 'PersistentVolumeClaim', ...claim });
  }
  return [...found.values()];
}
