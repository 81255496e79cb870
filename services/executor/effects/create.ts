import type { RawObject } from '#shared/cluster/cluster.ts';
import { effectAnnotation } from '#shared/contract/words.ts';
import { already, applied, refusal, sightOf } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Job } from '../backlog.ts';
import { annotationsOf } from '../live-set.ts';
import type { Hands } from './effect.ts';

/**
 * Creates one object that carries the effect id. "Already exists" with our effect id is our own earlier
 * call whose answer was lost; with any other it is somebody's name.
 */
export async function createOnce(
  hands: Hands,
  job: Job,
  body: RawObject & { readonly kind: string; readonly name: string },
): Promise<Result | Again> {
  const { kind, name, ...object } = body;
  const created = await hands.cluster.create({ ...object, kind });
  if (created.ok) return applied(created.value);
  if (created.failure.kind === 'conflict') return { again: true };
  if (created.failure.kind !== 'already-exists') return refusal(created.failure);
  const { namespace } = job.plan.set;
  const sight = sightOf(await hands.cluster.read({ kind, namespace, name }));
  if (sight.type === 'unseen') return sight.result;
  if (sight.type === 'missing') return { again: true };
  return carriesEffect(sight.object, job.command.effect)
    ? already(sight.object)
    : refusal(created.failure);
}

/** Whether it was this command that made the object. */
export function carriesEffect(object: RawObject, effect: string): boolean {
  return annotationsOf(object)[effectAnnotation] === effect;
}
