import type { Pool, Vm } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { availability } from '../available.ts';
import { isReady } from '../objects.ts';
import type { Situation, StatusCounts } from '../situation.ts';
import { currentRevision } from './revision.ts';
import type { PoolState } from './round.ts';

/** The numbers of a pool's status. Terminating members count, as upstream (pool.go 2.4). */
export function poolCounts(
  { view, set, moment }: Situation<Pool>,
  { members, rollout }: Pick<PoolState, 'members' | 'rollout'>,
): StatusCounts {
  const { available, wakeAt } = availability(members.all, set.minReadySeconds, moment.now);
  const updateRevision = currentRevision(view, set)?.meta.name;
  const current = mostCommonRevision(
    rollout.all.filter(({ edit }) => edit !== 'none').map(({ vm }) => vm),
  );
  const currentName = current ?? updateRevision;
  return {
    replicas: members.all.length,
    readyReplicas: members.all.filter(isReady).length,
    availableReplicas: available,
    updatedReplicas: rollout.all.filter(
      ({ edit, instance }) => edit === 'none' && instance !== 'restart',
    ).length,
    ...(currentName !== undefined && { currentRevision: currentName }),
    ...(updateRevision !== undefined && { updateRevision }),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

/** What most members behind the template were made from. */
function mostCommonRevision(behind: readonly Vm[]): string | undefined {
  const groups = Map.groupBy(behind, ({ meta }) => meta.labels[revisionLabel] ?? '');
  groups.delete('');
  return [...groups]
    .toSorted(([left, few], [right, many]) => many.length - few.length || (left < right ? -1 : 1))
    .at(0)?.[0];
}
