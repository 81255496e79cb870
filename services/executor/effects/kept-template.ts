import type { RawObject } from '#shared/cluster/cluster.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { sightOf } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Job } from '../backlog.ts';
import type { Hands } from './effect.ts';
import { controllerIn } from './owners.ts';

type Body = Readonly<Record<string, unknown>>;

/** What a ControllerRevision of this pool keeps: the whole spec, and the template in it. */
type KeptSight =
  | { readonly type: 'kept'; readonly template: Body; readonly spec: Body; readonly uid: unknown }
  /** No such revision of this pool, or nothing in it that could be a template. */
  | { readonly type: 'missing' }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/**
 * Reads a revision of the pool by name. Its data never changes: the API server refuses that. One of another
 * owner is no revision of this pool, whatever it is called.
 */
export async function keptTemplate(hands: Hands, job: Job, name: string): Promise<KeptSight> {
  const { set } = job.plan;
  const ref = { kind: 'ControllerRevision', namespace: set.namespace, name };
  const sight = sightOf(await hands.cluster.read(ref));
  if (sight.type === 'unseen') return sight;
  if (sight.type === 'missing' || controllerIn(sight.object)?.['uid'] !== set.uid) return missing;
  return keptIn(sight.object);
}

const missing: KeptSight = { type: 'missing' };

function keptIn(revision: RawObject): KeptSight {
  const spec = revision['data'];
  if (!isRecord(spec)) return missing;
  const template = spec['virtualMachineTemplate'] ?? spec['template'];
  if (!isRecord(template)) return missing;
  return { type: 'kept', template, spec, uid: revision.metadata?.uid };
}
