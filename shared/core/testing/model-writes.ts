import type { Command } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Meta, Observable, ScaledSet } from '#shared/contract/objects.ts';
import type { Settled } from '#shared/contract/records.ts';
import { targetOf } from '#shared/contract/target.ts';
import {
  extraAnnotation,
  poolFinalizer,
  revisionLabel,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { controllerOf } from '../objects.ts';
import type { ModelCluster } from './model-cluster.ts';
import { aPool } from './objects.ts';

export type Write = Extract<
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
      | 'delete-revision'
      | 'roll-back';
  }
>;
type End = Partial<Settled> & Pick<Settled, 'outcome'>;

/** What the executor's writes on one object come to in the model: the same checks, without the calls. */
export function writeInModel(cluster: ModelCluster, set: ScaledSet, command: Write): End {
  const target = targetOf(command);
  const uid = target.type === 'standing' ? target.uid : set.meta.uid;
  const object = cluster.objects.get(uid);
  if (object === undefined) return goneOf(command);
  if (command.verb === 'restart-member' || command.verb === 'delete-revision') {
    if (object.meta.deletedAt !== undefined) return already(object);
    return { outcome: 'applied', uid, resourceVersion: cluster.remove(object) };
  }
  if (object.meta.deletedAt !== undefined && command.verb !== 'preserve-disk') {
    return { outcome: 'stale', reason: 'MemberChanged' };
  }
  const needsOwner = command.verb === 'secure-member' || command.verb === 'update-vm';
  if (needsOwner && controllerOf(object.meta)?.uid !== set.meta.uid) {
    return { outcome: 'stale', reason: 'NotOwned' };
  }
  if (command.verb === 'roll-back') return rollBack(cluster, set, command.revision.uid);
  const written = cluster.update(
    stamped(command, object, set),
    metaAfter(command, object.meta, set),
  );
  return { outcome: 'applied', uid, resourceVersion: written.meta.resourceVersion };
}

/** The next instance of an updated VM is made from the same revision. */
function stamped(command: Write, object: Observable, { template }: ScaledSet): Observable {
  if (command.verb !== 'update-vm' || object.kind !== 'VirtualMachine') return object;
  const vmiLabels = { ...object.vmiLabels, [revisionLabel]: command.revision };
  const runStrategy = template?.runStrategy;
  return { ...object, vmiLabels, ...(runStrategy !== undefined && { runStrategy }) };
}

function goneOf({ verb }: Write): End {
  switch (verb) {
    case 'release-member':
    case 'restart-member':
    case 'delete-revision':
      return { outcome: 'already' };
    case 'preserve-disk':
      return { outcome: 'stale', reason: 'DiskChanged' };
    case 'secure-member':
    case 'adopt-member':
    case 'update-vm':
    case 'label-instance':
    case 'roll-back':
      return { outcome: 'stale', reason: 'MemberGone' };
    default:
      return unreachable(verb);
  }
}

type Patch = Exclude<Write, { verb: 'restart-member' | 'delete-revision' | 'roll-back' }>;

function metaAfter(command: Patch, meta: Meta, set: ScaledSet): Partial<Meta> {
  const { finalizers, owners, labels } = meta;
  switch (command.verb) {
    case 'secure-member':
      return { finalizers: [...new Set([...finalizers, poolFinalizer])] };
    case 'release-member':
      return {
        finalizers: finalizers.filter((name) => name !== poolFinalizer),
        owners: owners.filter(({ uid }) => uid !== set.meta.uid),
      };
    case 'adopt-member': {
      const { kind, name, uid } = { kind: set.kind, ...set.meta };
      const owner = { apiVersion: 'kubevirt.io/v1', kind, name, uid, controller: true };
      return { owners: [...owners, owner] };
    }
    case 'update-vm': {
      const { [extraAnnotation]: mark, ...rest } = meta.annotations;
      const annotations = command.stays === true || mark === undefined ? rest : meta.annotations;
      return { labels: { ...labels, [revisionLabel]: command.revision }, annotations };
    }
    case 'label-instance':
      return { labels: { ...labels, [revisionLabel]: command.revision } };
    case 'preserve-disk':
      return { owners: owners.filter(({ uid }) => uid !== command.member.uid) };
    default:
      return unreachable(command);
  }
}

function rollBack(cluster: ModelCluster, set: ScaledSet, revision: Uid): End {
  const kept = cluster.objects.get(revision);
  const digest = kept?.kind === 'ControllerRevision' ? kept.digest : undefined;
  if (digest === undefined) return { outcome: 'stale', reason: 'RevisionGone' };
  const { [rollBackAnnotation]: _, ...annotations } = set.meta.annotations;
  const template = { ...(set.template ?? templateOf(aPool())), digest };
  const generation = (set.meta.generation ?? 0) + 1;
  const written = cluster.update({ ...set, template }, { annotations, generation });
  const { uid, resourceVersion } = written.meta;
  return { outcome: 'applied', uid, resourceVersion };
}

function templateOf({ template }: ScaledSet): NonNullable<ScaledSet['template']> {
  if (template === undefined) throw new Error('a pool of tests has a template');
  return template;
}

function already({ meta }: Observable): End {
  return { outcome: 'already', uid: meta.uid, resourceVersion: meta.resourceVersion };
}
