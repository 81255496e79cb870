import { already, applied, refusal, sightOf, stale } from '../call.ts';
import { readSet } from '../live-set.ts';
import type { Effect } from './effect.ts';
import { removalOfPoolFinalizer } from './finalizer.ts';
import { isRaced } from './race.ts';

/** Lets a pool go that someone deleted; the garbage collector takes its members after it. */
export const retireSet: Effect<'retire-set'> = async (hands, job) => {
  const { set } = job.plan;
  const sight = sightOf(await hands.cluster.read(set));
  if (sight.type === 'unseen') return sight.result;
  if (sight.type === 'missing' || sight.object.metadata?.uid !== set.uid) return already();
  const live = await readSet(hands.cluster, set, hands.policy);
  if (live.type === 'unseen') return live.result;
  if (!live.set.deleting) return stale('SetChanged');
  const body = removalOfPoolFinalizer(live.set.object);
  if (body === undefined) return already(live.set.object);
  const patched = await hands.cluster.patch(set, { type: 'json', body });
  if (patched.ok) return applied(patched.value);
  if (patched.failure.kind === 'not-found') return already();
  return isRaced(patched.failure, { type: 'json' }) ? { again: true } : refusal(patched.failure);
};
