import type { JsonPatchStep, RawObject } from '#shared/cluster/cluster.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { testOfUid } from './owners.ts';

/** The finalizers of an object, in its own order. */
export function finalizersOf(object: RawObject): readonly string[] {
  const finalizers = object.metadata?.['finalizers'];
  if (!Array.isArray(finalizers)) return [];
  return finalizers.filter((finalizer) => typeof finalizer === 'string');
}

/**
 * Takes the pool finalizer out and leaves every other one in its place. The tests make the server refuse
 * when the object is another one or the list has changed. Undefined when there is nothing to take out.
 */
export function removalOfPoolFinalizer(object: RawObject): readonly JsonPatchStep[] | undefined {
  const place = finalizersOf(object).indexOf(poolFinalizer);
  if (place < 0) return undefined;
  return [
    testOfUid(object),
    { op: 'test', path: `/metadata/finalizers/${place}`, value: poolFinalizer },
    { op: 'remove', path: `/metadata/finalizers/${place}` },
  ];
}
