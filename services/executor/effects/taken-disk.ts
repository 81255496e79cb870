import type { KeptDisk } from '#shared/contract/commands.ts';
import { sightOf, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Hands, JobOf } from './effect.ts';
import { isTerminating, ownersOf } from './owners.ts';

/**
 * Why a new VM must not start on a disk that an earlier one left behind: by now it is another one, going,
 * or somebody's. KubeVirt starts a VM on whatever DataVolume has its name (vm.go), so two would write it.
 */
export async function findTaken(
  hands: Hands,
  job: JobOf<'create-vm'>,
): Promise<Result | Again | undefined> {
  const { takesUp = [] } = job.command;
  for (const { kind, name, uid } of takesUp.flatMap(outermost)) {
    const { namespace } = job.plan.set;
    const sight = sightOf(await hands.cluster.read({ kind, namespace, name }));
    if (sight.type === 'unseen') return sight.result;
    if (sight.type === 'missing' || sight.object.metadata?.uid !== uid) return stale('DiskChanged');
    if (isTerminating(sight.object)) return stale('DiskChanged');
    if (ownersOf(sight.object).length > 0) return stale('DiskChanged');
  }
  return undefined;
}

/** A claim that hangs on a DataVolume has that as its owner, and rightly so. */
function outermost({ dataVolume, claim }: KeptDisk) {
  if (dataVolume !== undefined) return [{ kind: 'DataVolume', ...dataVolume }];
  return claim === undefined ? [] : [{ kind: 'PersistentVolumeClaim', ...claim }];
}
