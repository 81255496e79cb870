import { already, sightOf, stale } from '../call.ts';
import { readSet } from '../live-set.ts';
import type { Effect } from './effect.ts';
import { removalOfPoolFinalizer } from './finalizer.ts';
import { patchOnce } from './race.ts';

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
  const patch = { type: 'json', body } as const;
  const result = await patchOnce(hands, { ref: set, gone: already(), patch });
  return result === 'raced' ? { again: true } : result;
};
