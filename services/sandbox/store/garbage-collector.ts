import type { Core } from './core.ts';
import { foregroundFinalizer, orphanFinalizer } from './delete.ts';
import { openOwnerIndex, ownersOf } from './owner-index.ts';
import type { Node } from './owner-index.ts';
import type {
  Caller,
  Change,
  DeleteOptions,
  KubeObject,
  KubeOwner,
  StoreAnswer,
  StoreRequest,
} from './types.ts';

const caller: Caller = {
  user: 'system:serviceaccount:kube-system:generic-garbage-collector',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};
const fieldManager = 'kube-controller-manager';

/** The real collector sees a change some milliseconds after it was made. */
const lagMs = 5;
const retryMs = 100;
/** So many objects are looked at before others get a turn. */
const largestRound = 200;

export type CollectorParts = {
  readonly core: Core;
  readonly handle: (request: StoreRequest) => StoreAnswer;
};

/**
 * Deletes what has lost its owners, as Kubernetes' garbage collector does: an object goes when none of its
 * owners lives, a reference to a dead owner goes while another lives, an owner deleted in the foreground
 * waits for the dependents that block it, and one deleted with orphaning lets its dependents go first.
 */
export function startGarbageCollector(parts: CollectorParts): void {
  const { core, handle } = parts;
  const { clock } = core.parts;
  const index = openOwnerIndex();
  const waiting = new Set<string>();
  let isScheduled = false;

  const schedule = (delayMs: number): void => {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    clock.after(delayMs, round);
  };
  const look = (uid: string): void => {
    waiting.add(uid);
    schedule(lagMs);
  };
  const round = (): void => {
    isScheduled = false;
    const uids = [...waiting].slice(0, largestRound);
    uids.forEach((uid) => waiting.delete(uid));
    const failed = uids.filter((uid) => !collect(uid));
    failed.forEach((uid) => waiting.add(uid));
    schedule(failed.length > 0 && failed.length === waiting.size ? retryMs : lagMs);
  };

  /** Looks at one object; false when the store refused and it must be looked at again. */
  const collect = (uid: string): boolean => {
    const node = index.node(uid);
    if (node === undefined) return true;
    const { object } = node;
    if (isOrphaning(object)) return orphan(node);
    if (isWaiting(object)) return releaseOwner(node);
    if (object.metadata.deletionTimestamp !== undefined) return true;
    return collectDependent(node);
  };

  const orphan = (owner: Node): boolean => {
    const { uid } = owner.object.metadata;
    const isDone = index
      .dependentsOf(uid)
      .map((node) => keepOwners(node, (reference) => reference.uid !== uid))
      .every(Boolean);
    return isDone && removeFinalizer(owner, orphanFinalizer);
  };

  const releaseOwner = (owner: Node): boolean => {
    const { uid } = owner.object.metadata;
    const blocking = index.dependentsOf(uid).filter(({ object }) => blocks(object, uid));
    if (blocking.length === 0) return removeFinalizer(owner, foregroundFinalizer);
    for (const { object } of blocking) {
      if (object.metadata.deletionTimestamp === undefined) look(object.metadata.uid);
    }
    return true;
  };

  const collectDependent = (node: Node): boolean => {
    const { object } = node;
    const owners = ownersOf(object);
    if (owners.length === 0) return true;
    const living = owners.filter((owner) => index.isAlive(object, owner));
    const solid = living.filter((owner) => !isOwnerWaiting(owner));
    if (solid.length === owners.length) return true;
    if (solid.length > 0) return keepOwners(node, (owner) => solid.includes(owner));
    const hasDependents = index.dependentsOf(object.metadata.uid).length > 0;
    return remove(node, living.length > 0 && hasDependents ? 'Foreground' : policyOf(object));
  };
  const isOwnerWaiting = ({ uid }: KubeOwner): boolean => {
    const owner = index.node(uid);
    return owner !== undefined && isWaiting(owner.object);
  };

  const keepOwners = (node: Node, isKept: (owner: KubeOwner) => boolean): boolean => {
    const kept = ownersOf(node.object).filter(isKept);
    return patch(node, { ownerReferences: kept.length > 0 ? kept : null });
  };
  const removeFinalizer = (node: Node, finalizer: string): boolean => {
    const { finalizers = [] } = node.object.metadata;
    const kept = finalizers.filter((each) => each !== finalizer);
    return patch(node, { finalizers: kept.length > 0 ? kept : null });
  };
  const patch = (node: Node, metadata: Readonly<Record<string, unknown>>): boolean => {
    const { uid } = node.object.metadata;
    const body = { metadata: { uid, ...metadata } };
    return isDone(
      handle({ ...addressOf(node), verb: 'patch', patch: 'merge', fieldManager, body }),
    );
  };
  const remove = (
    node: Node,
    propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>,
  ) => {
    const { uid } = node.object.metadata;
    const options = { preconditions: { uid }, propagationPolicy };
    return isDone(handle({ ...addressOf(node), verb: 'delete', fieldManager, options }));
  };

  const seen = ({ type, definition, object, previous }: Change): void => {
    const { uid } = object.metadata;
    if (type === 'DELETED') {
      index.remove(object);
      index.dependentsOf(uid).forEach((dependent) => look(dependent.object.metadata.uid));
    } else {
      index.put({ definition, object });
      lookAt(object, previous);
    }
    for (const owner of [...ownersOf(object), ...(previous ? ownersOf(previous) : [])]) {
      if (isOwnerWaiting(owner)) look(owner.uid);
    }
  };
  const lookAt = (object: KubeObject, previous: KubeObject | undefined): void => {
    const { uid } = object.metadata;
    const owners = ownersOf(object);
    if (isWaiting(object) && !(previous && isWaiting(previous))) {
      index.dependentsOf(uid).forEach((dependent) => look(dependent.object.metadata.uid));
      look(uid);
    }
    const isLost = owners.some((owner) => !index.isAlive(object, owner) || isOwnerWaiting(owner));
    if (isLost || isOrphaning(object)) look(uid);
  };

  const all = core.everything('');
  all.forEach((node) => index.put(node));
  all.forEach(({ object }) => lookAt(object, undefined));
  core.subscribe(seen);
}

function isDone({ code }: StoreAnswer): boolean {
  return code < 300 || code === 404;
}

function isWaiting({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer);
}

function isOrphaning({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && finalizers.includes(orphanFinalizer);
}

function blocks(dependent: KubeObject, uid: string): boolean {
  return ownersOf(dependent).some(
    (owner) => owner.uid === uid && owner.blockOwnerDeletion === true,
  );
}

/** An object that was promised to orphan or to wait keeps that promise. */
function policyOf({ metadata: { finalizers = [] } }: KubeObject) {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

function addressOf({ definition, object }: Node) {
  const { group, plural } = definition;
  const version = definition.versions.find(({ served }) => served)?.name ?? '';
  const { namespace = '', name } = object.metadata;
  return { resource: { group, version, plural }, namespace, name, caller };
}
