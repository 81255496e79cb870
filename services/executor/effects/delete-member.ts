import { already, applied, refusal, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { memberKind, readVictim } from './victim.ts';

/** A running VM writes status often; so many lost races in a row are a reason to decide anew. */
const mostTries = 3;

export const deleteMember: Effect<'delete-member'> = async (hands, job) => {
  const { command, plan } = job;
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const sight = await readVictim(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const { victim } = sight;
    if (victim.terminating) return already(victim.object);
    const ref = {
      kind: memberKind(plan.set.kind),
      namespace: plan.set.namespace,
      name: command.member.name,
    };
    const preconditions = { uid: victim.uid, resourceVersion: victim.version };
    const removed = await hands.cluster.remove(ref, preconditions);
    if (removed.ok) return applied(removed.value);
    if (removed.failure.kind === 'not-found') return already();
    if (removed.failure.kind !== 'conflict') return refusal(removed.failure);
  }
  return stale('MemberChanged');
};
