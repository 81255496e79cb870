import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { Notice } from '#shared/contract/commands.ts';
import { apiVersionOf } from '#shared/contract/kinds.ts';
import { eventComponents } from '#shared/contract/words.ts';
import { already, applied, refusal } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Job } from '../backlog.ts';

/**
 * Posts a core/v1 Event on the set. Its name holds the effect id, so a repeated post finds the first.
 * Best effort: nothing depends on it.
 */
export async function postNotice(
  cluster: Cluster,
  posting: { readonly job: Job; readonly notice: Notice; readonly nowMs: number },
): Promise<Result | Again> {
  const posted = await cluster.create(eventOf(posting));
  if (posted.ok) return applied(posted.value);
  return posted.failure.kind === 'already-exists' ? already() : refusal(posted.failure);
}

function eventOf(posting: {
  readonly job: Job;
  readonly notice: Notice;
  readonly nowMs: number;
}): RawObject {
  const { set } = posting.job.plan;
  const { notice } = posting;
  const component = eventComponents[set.kind];
  const time = `${new Date(posting.nowMs).toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${set.name}.${posting.job.command.effect}`, namespace: set.namespace },
    involvedObject: {
      apiVersion: apiVersionOf(set.kind),
      kind: set.kind,
      namespace: set.namespace,
      name: set.name,
      uid: set.uid,
    },
    type: notice.type,
    reason: notice.reason,
    message: notice.message,
    source: { component },
    reportingComponent: component,
    reportingInstance: 'rollcall',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
