import type { ObjectRef, RawObject } from '#shared/cluster/cluster.ts';
import { sightOf, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Expectation, LiveSet } from '../live-set.ts';
import { mismatch } from '../live-set.ts';
import type { Job } from '../backlog.ts';
import type { Hands } from './effect.ts';

type Unseen = { readonly type: 'unseen'; readonly result: Result | Again };
type ObjectSight = { readonly type: 'live'; readonly object: RawObject } | Unseen;
type LiveSetSight = { readonly type: 'live'; readonly set: LiveSet } | Unseen;

/** Reads one object; `gone` is the outcome when it is not there, or another one has its name. */
export async function readObject(
  hands: Hands,
  { ref, uid, gone }: { readonly ref: ObjectRef; readonly uid: string; readonly gone: Result },
): Promise<ObjectSight> {
  const sight = sightOf(await hands.cluster.read(ref));
  if (sight.type === 'unseen') return sight;
  if (sight.type === 'missing' || sight.object.metadata?.uid !== uid) return unseen(gone);
  return { type: 'live', object: sight.object };
}

/** Reads the set now, if it is as expected. */
export async function readSetAs(
  hands: Hands,
  job: Job,
  expected: Expectation,
): Promise<LiveSetSight> {
  const sight = await hands.readSetNow(job);
  if (sight.type === 'unseen') return sight;
  const problem = mismatch(sight.set, job.plan.set, expected);
  return problem === undefined ? sight : unseen(problem);
}

/** Reads the set now; it may be paused and of another generation, but not being deleted. */
export async function readStandingSet(hands: Hands, job: Job): Promise<LiveSetSight> {
  const sight = await hands.readSetNow(job);
  if (sight.type === 'unseen') return sight;
  return sight.set.deleting ? unseen(stale('SetGone')) : sight;
}

function unseen(result: Result | Again): Unseen {
  return { type: 'unseen', result };
}
