import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { SetRef } from '#shared/contract/commands.ts';
import type { Policy } from '#shared/contract/records.ts';
import { modeAnnotation, pausedAnnotation } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { sightOf, stale } from './call.ts';
import type { Again, Result } from './call.ts';

/** The set as the API server has it now, read before an effect. */
export type LiveSet = {
  readonly object: RawObject;
  readonly generation: number;
  readonly deleting: boolean;
  readonly paused: boolean;
};

/** What must still be true of the set for an effect to be right. */
export type Expectation = {
  /** The spec may not have changed since the plan was made. */
  readonly sameGeneration: boolean;
  /** Retiring, and freeing what others deleted, go on in a paused or deleting set. */
  readonly evenIfPausedOrDeleting: boolean;
};

export type SetSight =
  | { readonly type: 'live'; readonly set: LiveSet }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/** Reads the set and checks that it may be acted on at all: same uid, and managed by us. */
export async function readSet(cluster: Cluster, set: SetRef, policy: Policy): Promise<SetSight> {
  const sight = sightOf(await cluster.read(set));
  if (sight.type === 'unseen') return sight;
  if (sight.type === 'missing' || sight.object.metadata?.uid !== set.uid) {
    return { type: 'unseen', result: stale('SetGone') };
  }
  if (!isManaged(sight.object, policy)) return { type: 'unseen', result: stale('ModeForbids') };
  return { type: 'live', set: liveSetOf(sight.object, policy) };
}

/** Why the command is stale; undefined when all is as expected. */
export function mismatch(live: LiveSet, set: SetRef, expected: Expectation): Result | undefined {
  if (expected.sameGeneration && live.generation !== set.generation) return stale('SetChanged');
  if (expected.evenIfPausedOrDeleting) return undefined;
  if (live.deleting) return stale('SetGone');
  return live.paused ? stale('SetPaused') : undefined;
}

function liveSetOf(object: RawObject, policy: Policy): LiveSet {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const generation = object.metadata?.['generation'];
  const paused =
    policy.kubevirtControllers === 'running'
      ? annotationsOf(object)[pausedAnnotation] === 'true'
      : spec['paused'] === true;
  return {
    object,
    generation: typeof generation === 'number' ? generation : 0,
    deleting: object.metadata?.['deletionTimestamp'] !== undefined,
    paused,
  };
}

/**
 * Managed by annotation, else by the service's default. While KubeVirt's own controllers run, only a set
 * that they leave alone (spec.paused) is ours to act on.
 */
function isManaged(object: RawObject, policy: Policy): boolean {
  const annotated = annotationsOf(object)[modeAnnotation];
  if (annotated === undefined ? policy.mode !== 'manage' : annotated !== 'manage') return false;
  if (policy.kubevirtControllers === 'off') return true;
  return isRecord(object['spec']) && object['spec']['paused'] === true;
}

/** The annotations of an object as it came; a value may be anything. */
export function annotationsOf(object: RawObject): Readonly<Record<string, unknown>> {
  const annotations = object.metadata?.['annotations'];
  return isRecord(annotations) ? annotations : {};
}
