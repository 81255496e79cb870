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
 * Deletes what has lost its owners, as Kubernetes' garbage collector does: an object goes when none
 * of its owners lives, a reference to a dead owner goes while another lives, an owner deleted in
 * the foreground waits for the dependents that block it, and one deleted with orphaning lets its
 * dependents go first.
 */
export function startGarbageCollector(parts: CollectorParts): void {
  new GarbageCollector(parts).start();
}

class GarbageCollector {
  readonly #core: Core;
  readonly #handle: CollectorParts['handle'];
  readonly #index = openOwnerIndex();
  /** Uids of objects to look at. */
  readonly #waiting = new Set<string>();
  #isScheduled = false;

  constructor({ core, handle }: CollectorParts) {
    this.#core = core;
    this.#handle = handle;
  }

  start(): void {
    const all = this.#core.everything('');
    all.forEach((node) => this.#index.put(node));
    all.forEach(({ object }) => this.#consider(object, undefined));
    this.#core.subscribe((change) => this.#see(change));
  }

  #see({ type, definition, object, previous }: Change): void {
    if (type === 'DELETED') {
      this.#index.remove(object);
      this.#lookAtDependents(object.metadata.uid);
    } else {
      this.#index.put({ definition, object });
      this.#consider(object, previous);
    }
    for (const owner of [...ownersOf(object), ...(previous ? ownersOf(previous) : [])]) {
      if (this.#isOwnerWaiting(owner)) this.#lookAt(owner.uid);
    }
  }

  #consider(object: KubeObject, previous: KubeObject | undefined): void {
    const { uid } = object.metadata;
    if (isWaiting(object) && !(previous && isWaiting(previous))) {
      this.#lookAtDependents(uid);
      this.#lookAt(uid);
    }
    const isLost = ownersOf(object).some(
      (owner) => !this.#index.isAlive(object, owner) || this.#isOwnerWaiting(owner),
    );
    if (isLost || isOrphaning(object)) this.#lookAt(uid);
  }

  #isOwnerWaiting({ uid }: KubeOwner): boolean {
    const owner = this.#index.node(uid);
    return owner !== undefined && isWaiting(owner.object);
  }

  #lookAtDependents(uid: string): void {
    for (const { object } of this.#index.dependentsOf(uid)) this.#lookAt(object.metadata.uid);
  }

  #lookAt(uid: string): void {
    this.#waiting.add(uid);
    this.#schedule(lagMs);
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    this.#core.parts.clock.after(delayMs, () => this.#round());
  }

  #round(): void {
    const uids = [...this.#waiting].slice(0, largestRound);
    uids.forEach((uid) => this.#waiting.delete(uid));
    const failed = uids.filter((uid) => !this.#collect(uid));
    const isStuck = failed.length > 0 && this.#waiting.size === 0;
    failed.forEach((uid) => this.#waiting.add(uid));
    // Only now, so that what this round found is looked at a round later.
    this.#isScheduled = false;
    this.#schedule(isStuck ? retryMs : lagMs);
  }

  /** Looks at one object; false when the store could not do it and it must be looked at again. */
  #collect(uid: string): boolean {
    const node = this.#index.node(uid);
    if (node === undefined) return true;
    const { object } = node;
    if (isOrphaning(object)) return this.#orphan(node);
    if (isWaiting(object)) return this.#releaseOwner(node);
    if (object.metadata.deletionTimestamp !== undefined) return true;
    return this.#collectDependent(node);
  }

  #orphan(owner: Node): boolean {
    const { uid } = owner.object.metadata;
    const freed = this.#index
      .dependentsOf(uid)
      .map((node) => this.#keepOwners(node, (reference) => reference.uid !== uid));
    return freed.every(Boolean) && this.#removeFinalizer(owner, orphanFinalizer);
  }

  #releaseOwner(owner: Node): boolean {
    const { uid } = owner.object.metadata;
    const blocking = this.#index.dependentsOf(uid).filter(({ object }) => blocks(object, uid));
    if (blocking.length === 0) return this.#removeFinalizer(owner, foregroundFinalizer);
    for (const { object } of blocking) {
      if (object.metadata.deletionTimestamp === undefined) this.#lookAt(object.metadata.uid);
    }
    return true;
  }

  #collectDependent(node: Node): boolean {
    const { object } = node;
    const owners = ownersOf(object);
    const living = owners.filter((owner) => this.#index.isAlive(object, owner));
    const solid = living.filter((owner) => !this.#isOwnerWaiting(owner));
    if (solid.length === owners.length) return true;
    if (solid.length > 0) return this.#keepOwners(node, (owner) => solid.includes(owner));
    const hasDependents = this.#index.dependentsOf(object.metadata.uid).length > 0;
    const waits = living.length > 0 && hasDependents;
    return this.#remove(node, waits ? 'Foreground' : policyOf(object));
  }

  #keepOwners(node: Node, isKept: (owner: KubeOwner) => boolean): boolean {
    const kept = ownersOf(node.object).filter(isKept);
    return this.#patch(node, { ownerReferences: kept.length > 0 ? kept : null });
  }

  #removeFinalizer(node: Node, finalizer: string): boolean {
    const { finalizers = [] } = node.object.metadata;
    const kept = finalizers.filter((each) => each !== finalizer);
    return this.#patch(node, { finalizers: kept.length > 0 ? kept : null });
  }

  #patch(node: Node, metadata: Readonly<Record<string, unknown>>): boolean {
    const body = { metadata: { uid: node.object.metadata.uid, ...metadata } };
    const request = {
      ...addressOf(node),
      verb: 'patch',
      patch: 'merge',
      fieldManager,
      body,
    } as const;
    return isDone(this.#handle(request));
  }

  #remove(node: Node, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): boolean {
    const options = { preconditions: { uid: node.object.metadata.uid }, propagationPolicy };
    return isDone(this.#handle({ ...addressOf(node), verb: 'delete', fieldManager, options }));
  }
}

/** A conflict or a fault may pass; what is refused otherwise is refused for good. */
function isDone({ code }: StoreAnswer): boolean {
  return code < 500 && code !== 409 && code !== 429;
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
