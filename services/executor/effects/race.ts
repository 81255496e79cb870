import type { Answer, Failure, ObjectRef, Patch, RawObject } from '#shared/cluster/cluster.ts';
import { applied, refusal, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Hands } from './effect.ts';

/** Objects of running machines are written often; so many lost races are a reason to decide anew. */
const mostTries = 3;

/** What one try came to: the end, or `raced` when the object has changed since it was read. */
type Try = Result | Again | 'raced';

/** Reads and writes again while the object changes in between; then the plan is stale. */
export async function untilWon(attempt: () => Promise<Try>): Promise<Result | Again> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const result = await attempt();
    if (result !== 'raced') return result;
  }
  return stale('MemberChanged');
}

/**
 * Writes a patch that holds its own preconditions; `gone` is what it means that the object is not there any
 * more.
 */
export async function patchOnce(
  hands: Hands,
  { ref, patch, gone }: { readonly ref: ObjectRef; readonly patch: Patch; readonly gone: Result },
): Promise<Try> {
  return endOf(await hands.cluster.patch(ref, patch), patch, gone);
}

function endOf(answer: Answer<RawObject>, patch: Patch, gone: Result): Try {
  if (answer.ok) return applied(answer.value);
  const { failure } = answer;
  if (failure.kind === 'not-found') return gone;
  return isRaced(failure, patch) ? 'raced' : refusal(failure);
}

/**
 * A version that has passed is answered as a conflict, a failed test of a JSON patch as invalid, without a
 * field; one of the metadata shows that somebody else has written there. Any other field is the no of a schema
 * or of KubeVirt's webhook, which judges the whole object whatever was patched: that would never pass.
 */
export function isRaced({ kind, field }: Failure, patch: Pick<Patch, 'type'>): boolean {
  if (kind === 'conflict') return true;
  const isOfSpec = field !== undefined && !field.startsWith('metadata.');
  return kind === 'invalid' && patch.type === 'json' && !isOfSpec;
}
