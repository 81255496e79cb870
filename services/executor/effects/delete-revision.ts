import { resourceVersionSchema } from '#shared/contract/ids.ts';
import { already, applied, refusal, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { readObject, readSetAs } from './live-object.ts';
import { controllerIn, isTerminating } from './owners.ts';
import { untilWon } from './race.ts';

/** Deletes a revision of this very pool; one of an earlier pool of the same name is not ours. */
export const deleteRevision: Effect<'delete-revision'> = (hands, job) =>
  untilWon(async () => {
    const expected = { sameGeneration: true, evenIfPausedOrDeleting: false };
    const sight = await readSetAs(hands, job, expected);
    if (sight.type === 'unseen') return sight.result;
    const { set } = job.plan;
    const { name, uid } = job.command;
    const ref = { kind: 'ControllerRevision', namespace: set.namespace, name };
    const found = await readObject(hands, { ref, uid, gone: already() });
    if (found.type === 'unseen') return found.result;
    if (controllerIn(found.object)?.['uid'] !== set.uid) return stale('NotOwned');
    if (isTerminating(found.object)) return already(found.object);
    const resourceVersion = resourceVersionSchema.parse(found.object.metadata?.resourceVersion);
    const removed = await hands.cluster.remove(ref, { uid, resourceVersion });
    if (removed.ok) return applied(removed.value);
    if (removed.failure.kind === 'not-found') return already();
    return removed.failure.kind === 'conflict' ? 'raced' : refusal(removed.failure);
  });
