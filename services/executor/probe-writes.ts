import type { Cluster, ObjectRef, RawObject } from '#shared/cluster/cluster.ts';
import type { Command, SetRef } from '#shared/contract/commands.ts';
import { extraAnnotation, poolFinalizer, revisionLabel } from '#shared/contract/words.ts';
import { already, sightOf } from './call.ts';
import type { Again, Result } from './call.ts';
import { finalizersOf } from './effects/finalizer.ts';
import { labelsOf } from './effects/live-selector.ts';
import { controllerIn, isOwnedBy, isTerminating } from './effects/owners.ts';
import { memberKind } from './effects/victim.ts';
import { annotationsOf } from './live-set.ts';

/** Commands whose effect shows on one object that stands already. */
type Write = Extract<
  Command,
  {
    verb:
      | 'secure-member'
      | 'release-member'
      | 'adopt-member'
      | 'update-vm'
      | 'restart-member'
      | 'label-instance'
      | 'preserve-disk'
      | 'delete-revision';
  }
>;

/** Whether such a command is done, as `findDone` tells it for all. */
export async function findWritten(
  cluster: Pick<Cluster, 'read'>,
  set: SetRef,
  command: Write,
): Promise<Result | Again | undefined> {
  const { ref, uid } = targetOf(command, set);
  const sight = sightOf(await cluster.read(ref));
  if (sight.type === 'unseen') return sight.result;
  if (sight.type === 'missing' || sight.object.metadata?.uid !== uid) {
    return isDoneByAbsence(command) ? already() : undefined;
  }
  return shows(sight.object, command, set) ? already(sight.object) : undefined;
}

type Target = { readonly ref: ObjectRef; readonly uid: string };

function targetOf(command: Write, set: SetRef): Target {
  const { namespace } = set;
  switch (command.verb) {
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm': {
      const { name, uid } = command.member;
      return { ref: { kind: memberKind(set.kind), namespace, name }, uid };
    }
    case 'restart-member':
    case 'label-instance': {
      const { name, uid } = command.instance;
      return { ref: { kind: 'VirtualMachineInstance', namespace, name }, uid };
    }
    case 'preserve-disk': {
      const { kind, name, uid } = command.disk;
      return { ref: { kind, namespace, name }, uid };
    }
    case 'delete-revision': {
      const { name, uid } = command;
      return { ref: { kind: 'ControllerRevision', namespace, name }, uid };
    }
  }
}

/** What is gone has left the set, was restarted, or was deleted; it was not written. */
function isDoneByAbsence({ verb }: Write): boolean {
  return verb === 'release-member' || verb === 'restart-member' || verb === 'delete-revision';
}

function shows(object: RawObject, command: Write, set: SetRef): boolean {
  switch (command.verb) {
    case 'secure-member':
      return finalizersOf(object).includes(poolFinalizer);
    case 'release-member':
      return !isOwnedBy(object, set.uid) && !holdsFinalizer(object, set);
    case 'adopt-member':
      return controllerIn(object)?.['uid'] === set.uid;
    case 'update-vm':
      if (command.stays === true && annotationsOf(object)[extraAnnotation] !== undefined)
        return false;
      return labelsOf(object)[revisionLabel] === command.revision;
    case 'label-instance':
      return labelsOf(object)[revisionLabel] === command.revision;
    case 'restart-member':
    case 'delete-revision':
      return isTerminating(object);
    case 'preserve-disk':
      return !isOwnedBy(object, command.member.uid);
  }
}

function holdsFinalizer(object: RawObject, { kind }: SetRef): boolean {
  return kind === 'VirtualMachinePool' && finalizersOf(object).includes(poolFinalizer);
}
