import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { ResourceVersion } from '#shared/contract/ids.ts';
import { already, applied, isAgain, refusal, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Effect, Hands, JobOf } from './effect.ts';
import { isGuarded, markingFor } from './keep-mark.ts';
import { patchOnce } from './race.ts';
import { memberKind, readVictim } from './victim.ts';
import type { Victim } from './victim.ts';

/** A running VM writes status often; so many lost races in a row are a reason to decide anew. */
const mostTries = 3;

export const deleteMember: Effect<'delete-member'> = async (hands, job) => {
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const sight = await readVictim(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const { victim } = sight;
    const marked = await mark(hands, job, victim);
    if (marked.type === 'raced') continue;
    if (marked.type === 'ended') return marked.result;
    if (victim.terminating) return already(victim.object);
    const preconditions = { uid: victim.uid, resourceVersion: marked.version };
    const removed = await hands.cluster.remove(refOf(job), preconditions);
    if (removed.ok) return applied(removed.value);
    if (removed.failure.kind === 'not-found') return already();
    if (removed.failure.kind !== 'conflict') return refusal(removed.failure);
  }
  return stale('MemberChanged');
};

type Marked =
  /** The victim says of its disks what is to become of them, at this version. */
  | { readonly type: 'marked'; readonly version: ResourceVersion }
  | { readonly type: 'raced' }
  | { readonly type: 'ended'; readonly result: Result | Again };

/** Only a pool's machines have disks that could be kept. */
async function mark(
  hands: Hands,
  job: JobOf<'delete-member'>,
  { object, version, terminating }: Victim,
): Promise<Marked> {
  const { command, plan } = job;
  if (plan.set.kind !== 'VirtualMachinePool') return { type: 'marked', version };
  const losesDisks = command.keepDisks !== true && !terminating && isGuarded(object);
  if (losesDisks) return { type: 'ended', result: stale('MemberChanged') };
  const patch = markingFor(object, command);
  if (patch === undefined) return { type: 'marked', version };
  const written = await patchOnce(hands, { ref: refOf(job), patch, gone: already() });
  if (written === 'raced') return { type: 'raced' };
  if (isAgain(written) || written.outcome !== 'applied') {
    return { type: 'ended', result: written };
  }
  return { type: 'marked', version: resourceVersionSchema.parse(written.resourceVersion) };
}

function refOf({ command, plan }: JobOf<'delete-member'>) {
  const { namespace, kind } = plan.set;
  return { kind: memberKind(kind), namespace, name: command.member.name };
}
