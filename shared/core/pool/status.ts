import type { Pool } from '#shared/contract/objects.ts';
import { compareText } from '#shared/lib/order.ts';
import { availability } from '../available.ts';
import type { Situation, StatusCounts } from '../situation.ts';
import type { PoolState } from './round.ts';

/** The numbers of a pool's status. Terminating members count, as upstream (pool.go 2.4). */
export function poolCounts(
  { set, moment }: Situation<Pool>,
  { members, rollout }: Pick<PoolState, 'members' | 'rollout'>,
): StatusCounts {
  const { available, wakeAt } = availability(members, set.minReadySeconds, moment.now);
  const updateRevision = rollout.current?.meta.name;
  const currentRevision = mostCommon(rollout.behind) ?? updateRevision;
  return {
    replicas: members.all.length,
    readyReplicas: members.ready,
    availableReplicas: available,
    updatedReplicas: rollout.updated,
    ...(currentRevision !== undefined && { currentRevision }),
    ...(updateRevision !== undefined && { updateRevision }),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

/** What most members behind the template were made from. */
function mostCommon(revisions: ReadonlyMap<string, number>): string | undefined {
  return [...revisions]
    .toSorted(([left, few], [right, many]) => many - few || compareText(left, right))
    .at(0)?.[0];
}
