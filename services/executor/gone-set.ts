import type { Cluster } from '#shared/cluster/cluster.ts';
import type { Policy } from '#shared/contract/records.ts';
import type { Job } from './backlog.ts';
import { sightOf, stale } from './call.ts';
import type { SetSight } from './live-set.ts';

/**
 * Makes sure that a pool which the plan takes for gone is gone: none of its name is there, or another one.
 * A kind that is not served is no answer to that. What such a pool left behind is let go, and nothing else
 * is done in its name; its mode went with it, so the service's counts.
 */
export async function readGoneSet(cluster: Cluster, job: Job, policy: Policy): Promise<SetSight> {
  const { set } = job.plan;
  const sight = sightOf(await cluster.read(set));
  if (sight.type === 'unseen') return sight;
  const object = sight.type === 'found' ? sight.object : undefined;
  if (object !== undefined && (object.metadata?.uid === set.uid || isLone(job))) {
    return { type: 'unseen', result: stale('SetChanged') };
  }
  if (policy.mode !== 'manage') return { type: 'unseen', result: stale('ModeForbids') };
  const { verb } = job.command;
  if (verb !== 'free-member' && verb !== 'preserve-disk') {
    return { type: 'unseen', result: stale('SetGone') };
  }
  return { type: 'live', set: { object: {}, generation: 0, deleting: false, paused: false } };
}

/** Its VM does not tell the uid of its pool: any pool of the name might be the one. */
function isLone({ command, plan }: Job): boolean {
  return 'member' in command && command.member.uid === plan.set.uid;
}
