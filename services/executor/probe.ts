import type { Cluster } from '#shared/cluster/cluster.ts';
import type { SetRef } from '#shared/contract/commands.ts';
import { already, isAgain, sightOf } from './call.ts';
import type { Again, Result } from './call.ts';
import type { Job } from './backlog.ts';
import { carriesEffect } from './effects/create.ts';
import { finalizersOf } from './effects/finalizer.ts';
import { memberKind } from './effects/victim.ts';
import { findWritten } from './probe-writes.ts';
import { poolFinalizer } from '#shared/contract/words.ts';

/**
 * Whether a command is done already, for one that may have been sent before: by an executor that ended
 * without telling, or by a call whose answer was lost. A no that comes after such a call is a no to the
 * repetition alone: the server refuses for quota or for a set that is gone what it has done before.
 * Undefined when it certainly is not done; the commands that leave no trace are never known to be.
 */
export async function findDone(
  cluster: Pick<Cluster, 'read'>,
  { command, plan }: Job,
): Promise<Result | Again | undefined> {
  switch (command.verb) {
    case 'create-revision':
    case 'create-vm':
    case 'create-vmi':
      return findMade(cluster, plan.set, { kind: madeKind(command.verb), command });
    case 'delete-member':
    case 'free-member':
      return findRemoved(cluster, plan.set, command);
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
    case 'restart-member':
    case 'label-instance':
    case 'preserve-disk':
    case 'delete-revision':
      return findWritten(cluster, plan.set, command);
    // Its own read tells a roll-back that is done, and more surely than one object does.
    case 'roll-back':
    case 'secure-set':
    case 'mark-api-version':
    case 'retire-set':
    case 'write-status':
    case 'post-event':
      return undefined;
  }
}

/** Not being let look, or a kind that is not served for now, proves nothing of what was done. */
function lookAgain(result: Result | Again): Again {
  return isAgain(result) ? result : { again: true };
}

type Create = Extract<Job['command'], { verb: 'create-revision' | 'create-vm' | 'create-vmi' }>;
type Removal = Extract<Job['command'], { verb: 'delete-member' | 'free-member' }>;

function madeKind(verb: Create['verb']): string {
  switch (verb) {
    case 'create-revision':
      return 'ControllerRevision';
    case 'create-vm':
      return 'VirtualMachine';
    case 'create-vmi':
      return 'VirtualMachineInstance';
  }
}

async function findMade(
  cluster: Pick<Cluster, 'read'>,
  { namespace }: SetRef,
  { kind, command }: { readonly kind: string; readonly command: Create },
): Promise<Result | Again | undefined> {
  const sight = sightOf(await cluster.read({ kind, namespace, name: command.name }));
  if (sight.type === 'unseen') return lookAgain(sight.result);
  if (sight.type === 'missing' || !carriesEffect(sight.object, command.effect)) return undefined;
  return already(sight.object);
}

async function findRemoved(
  cluster: Pick<Cluster, 'read'>,
  set: SetRef,
  { verb, member }: Removal,
): Promise<Result | Again | undefined> {
  const { namespace } = set;
  const kind = memberKind(set.kind);
  const sight = sightOf(await cluster.read({ kind, namespace, name: member.name }));
  if (sight.type === 'unseen') return lookAgain(sight.result);
  if (sight.type === 'missing' || sight.object.metadata?.uid !== member.uid) return already();
  const { object } = sight;
  const isDone =
    verb === 'delete-member'
      ? object.metadata?.['deletionTimestamp'] !== undefined
      : !finalizersOf(object).includes(poolFinalizer);
  return isDone ? already(object) : undefined;
}
