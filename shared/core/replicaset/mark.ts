import type { ReplicaSet } from '#shared/contract/objects.ts';
import { apiVersionAnnotations } from '#shared/contract/words.ts';
import { waitsUntil } from '../refusals.ts';
import { effectAt, isPending, nothing, type Situation, type Step } from '../situation.ts';

/**
 * Writes KubeVirt's api-version annotations on a replica set, as upstream does at first sight. Once: a
 * cluster that drops them must not be written to for ever. Source: kubevirt replicaset.go 5.1.
 */
export function mark(situation: Situation<ReplicaSet>): Step {
  const { set, view, memory, moment, mode } = situation;
  if (mode === 'advise' || memory.marked || isMarked(set)) return nothing;
  const because = 'the replica set has no api-version annotations yet';
  if (isPending(situation, 'mark-api-version')) return { type: 'pass', because };
  const wakeAt = waitsUntil(view, memory, { class: 'secure', now: moment.now });
  if (wakeAt !== undefined) return { type: 'pass', because, wakeAt };
  const effect = effectAt(situation, 0);
  return { type: 'act', because, commands: [{ verb: 'mark-api-version', effect, because }] };
}

function isMarked({ meta }: ReplicaSet): boolean {
  return Object.keys(apiVersionAnnotations).every((key) => Object.hasOwn(meta.annotations, key));
}
