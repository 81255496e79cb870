import type { RawObject } from '#shared/cluster/cluster.ts';
import { apiVersionAnnotations, poolFinalizer } from '#shared/contract/words.ts';
import { already, applied, refusal } from '../call.ts';
import type { Again, Result } from '../call.ts';
import { mismatch } from '../live-set.ts';
import type { Job } from '../backlog.ts';
import type { Effect, Hands } from './effect.ts';
import { finalizersOf } from './finalizer.ts';

/** Adds the pool finalizer behind those that stand there. */
export const secureSet: Effect<'secure-set'> = (hands, job) =>
  mergeIntoSet(hands, job, (object) => {
    const finalizers = finalizersOf(object);
    if (finalizers.includes(poolFinalizer)) return undefined;
    // The version makes the server refuse if the list has changed: merge patches replace whole lists.
    const { uid, resourceVersion } = object.metadata ?? {};
    return { uid, resourceVersion, finalizers: [...finalizers, poolFinalizer] };
  });

/** Two annotations that KubeVirt's tools look for on a replica set. */
export const markApiVersion: Effect<'mark-api-version'> = (hands, job) =>
  mergeIntoSet(hands, job, (object) => ({
    uid: object.metadata?.uid,
    annotations: apiVersionAnnotations,
  }));

type Metadata = Readonly<Record<string, unknown>>;

async function mergeIntoSet(
  hands: Hands,
  job: Job,
  metadataFor: (object: RawObject) => Metadata | undefined,
): Promise<Result | Again> {
  const sight = await hands.readSetNow(job);
  if (sight.type === 'unseen') return sight.result;
  const expected = { sameGeneration: false, evenIfPausedOrDeleting: false };
  const problem = sight.set.deleting ? mismatch(sight.set, job.plan.set, expected) : undefined;
  if (problem !== undefined) return problem;
  const metadata = metadataFor(sight.set.object);
  if (metadata === undefined) return already(sight.set.object);
  const body = { metadata };
  const patched = await hands.cluster.patch(job.plan.set, { type: 'merge', body });
  if (patched.ok) return applied(patched.value);
  return patched.failure.kind === 'conflict' ? { again: true } : refusal(patched.failure);
}
