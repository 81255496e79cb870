import type { Kind } from '#shared/contract/kinds.ts';
import type { Activity, DeletedVolume, Holding, Testimony } from './rows.ts';
import { emptySurveys } from './surveys.ts';
import type { Surveys } from './surveys.ts';
import { dropVolume } from './volumes.ts';
import { objectIn } from './writes.ts';

/**
 * What the fold remembers. It is changed in place, for it may hold half a million objects; whoever
 * cannot write what a fold gave must throw the state away and load it again.
 */
export type BookState = {
  /** Log time of the first record of the book. */
  beganAt: number | undefined;
  /** Sequence of the newest entry. */
  chainSequence: number;
  /** By uid, living ones and those that went within the last day. */
  readonly holdings: Map<string, Holding>;
  /** Living ones: the uid under a kind, namespace and name. */
  readonly names: Map<string, string>;
  /** Living ones, by shard and kind: what a survey is compared with. */
  readonly shelves: Map<string, Set<string>>;
  readonly memberships: Map<string, Membership>;
  /** Uid of the member that uses a claim, by namespace and name of the claim. */
  readonly users: Map<string, string>;
  /** Operations that have not ended, by uid of the set, the oldest first. */
  readonly open: Map<string, readonly Activity[]>;
  /** The last few changes of size of each set, ended or not, the newest last. */
  readonly sizes: Map<string, readonly Activity[]>;
  /** Uid of the living claim that a DataVolume has made, by the DataVolume's. */
  readonly claims: Map<string, string>;
  /** Why a set may not act, by its uid. */
  readonly holds: Map<string, string>;
  /** By key; gone ones leave it with their holding. */
  readonly volumes: Map<string, DeletedVolume>;
  /** Keys of volumes by the uids of their claim and of their DataVolume. */
  readonly volumeKeys: Map<string, string>;
  /** Keys of the volumes that a command endangers, and the member it takes, by effect id. */
  readonly effects: Map<string, EffectTraces>;
  /** Operations of the last day by the uid of what was written: a source may tell late who did. */
  readonly begun: Map<string, Map<number, Activity>>;
  /** What sources said within the last day, by write: the object may be seen later than they tell. */
  readonly testimonies: Map<string, readonly Testimony[]>;
  /** By uid of a set: the newest of them that tell its size, whichever version they made. */
  readonly told: Map<string, readonly Testimony[]>;
  readonly surveys: Surveys;
  /** By shard and kind: where the newest survey that came to a whole end began; 0 while none has. */
  readonly wholeSince: Map<string, number>;
};

/** The living members of a set, by their controlling owner, whether or not the set is known. */
export type Membership = {
  readonly uids: Set<string>;
  /** Those neither terminating nor ended. */
  active: number;
};

export type EffectTraces = { readonly volumes: Set<string>; member?: string };

export function emptyState(): BookState {
  return {
    beganAt: undefined,
    chainSequence: 0,
    holdings: new Map(),
    names: new Map(),
    shelves: new Map(),
    memberships: new Map(),
    users: new Map(),
    open: new Map(),
    sizes: new Map(),
    claims: new Map(),
    holds: new Map(),
    volumes: new Map(),
    volumeKeys: new Map(),
    effects: new Map(),
    begun: new Map(),
    testimonies: new Map(),
    told: new Map(),
    surveys: emptySurveys(),
    wholeSince: new Map(),
  };
}

export function isMember(holding: Holding): boolean {
  return holding.kind === 'VirtualMachine' || holding.kind === 'VirtualMachineInstance';
}

/** Whether a member counts towards the size of its set. */
export function isActive(holding: Holding | undefined): boolean {
  if (holding === undefined || holding.goneAt !== undefined) return false;
  return !holding.deleting && holding.final !== true;
}

/** Puts one object in the place of what was known of it, and keeps every index true. */
export function placeHolding(state: BookState, next: Holding): void {
  const previous = state.holdings.get(next.uid);
  if (previous !== undefined) unindex(state, previous);
  state.holdings.set(next.uid, next);
  // Kept beyond the member's end: its disks may go after it.
  for (const claim of next.claims ?? []) state.users.set(`${next.namespace}/${claim}`, next.uid);
  if (next.goneAt === undefined) index(state, next);
}

/** Drops what went before a moment; its row stays in the database a while longer. */
export function forgetGone(state: BookState, before: number): void {
  for (const [uid, holding] of state.holdings) {
    if (holding.goneAt !== undefined && holding.goneAt < before) state.holdings.delete(uid);
  }
  for (const volume of state.volumes.values()) {
    if (volume.goneAt !== undefined && volume.goneAt < before) dropVolume(state, volume);
  }
  for (const [claim, uid] of state.users) {
    if (!state.holdings.has(uid)) state.users.delete(claim);
  }
  for (const [uid, { uids }] of state.memberships) {
    if (uids.size === 0 && !state.holdings.has(uid)) state.memberships.delete(uid);
  }
  for (const uid of state.sizes.keys()) {
    if (!state.holdings.has(uid) && !state.open.has(uid)) state.sizes.delete(uid);
  }
  for (const [write, testimonies] of state.testimonies) {
    if (testimonies.every(({ at }) => at < before)) state.testimonies.delete(write);
  }
  for (const [uid, told] of state.told) {
    if (told.every(({ at }) => at < before)) state.told.delete(uid);
  }
  for (const [uid, activities] of state.begun) {
    for (const { id, at } of [...activities.values()]) if (at < before) activities.delete(id);
    if (activities.size === 0) state.begun.delete(uid);
  }
}

/** While a decision is on its way the size may change again: so many are remembered. */
export const mostSizes = 8;

/** Puts a change of size in its place among those of its set. */
export function placeSize(state: BookState, activity: Activity): void {
  const { uid } = activity.set;
  const others = (state.sizes.get(uid) ?? []).filter(({ id }) => id !== activity.id);
  const sizes = [...others, activity].toSorted((left, right) => left.id - right.id);
  state.sizes.set(uid, sizes.slice(-mostSizes));
}

/**
 * The newest change of size of a set, as of a generation of it: what is decided by an older version has
 * nothing to do with what was asked for since.
 */
export function sizeAsOf(
  state: BookState,
  setUid: string,
  generation = Number.POSITIVE_INFINITY,
): Activity | undefined {
  return state.sizes
    .get(setUid)
    ?.findLast(({ evidence }) => (evidence?.generation ?? 0) <= generation);
}

/** Remembers an operation under the object whose write began it. */
export function placeBegun(state: BookState, activity: Activity): void {
  const { write, id } = activity;
  if (write === undefined) return;
  const uid = objectIn(write);
  const known = state.begun.get(uid) ?? new Map<number, Activity>();
  state.begun.set(uid, known.set(id, activity));
}

/** Versions that were not seen are few, and those who made them told of it lately. */
const mostTold = 64;

export function placeTestimony(state: BookState, testimony: Testimony): void {
  const { write, record } = testimony;
  state.testimonies.set(write, [...(state.testimonies.get(write) ?? []), testimony]);
  const { replicas, object } = record;
  if (replicas === undefined || object.resourceVersion === undefined) return;
  const told = [...(state.told.get(object.uid) ?? []), testimony];
  state.told.set(object.uid, told.slice(-mostTold));
}

/** What sources told of objects whose versions are void: the next to have them are others. */
export function dropTestimonies(state: BookState, isVoid: (uid: string) => boolean): void {
  for (const write of [...state.testimonies.keys()]) {
    if (isVoid(objectIn(write))) state.testimonies.delete(write);
  }
  for (const uid of [...state.told.keys()]) if (isVoid(uid)) state.told.delete(uid);
  for (const uid of [...state.begun.keys()]) if (isVoid(uid)) state.begun.delete(uid);
}

function nameKey(kind: Kind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

export function findByName(
  state: BookState,
  kind: Kind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Holding | undefined {
  const uid = state.names.get(nameKey(kind, namespace, name));
  return uid === undefined ? undefined : state.holdings.get(uid);
}

export function traceEffect(state: BookState, effect: string): EffectTraces {
  const known = state.effects.get(effect);
  if (known !== undefined) return known;
  const made: EffectTraces = { volumes: new Set() };
  state.effects.set(effect, made);
  return made;
}

function index(state: BookState, holding: Holding): void {
  state.names.set(nameKey(holding.kind, holding.namespace, holding.name), holding.uid);
  setIn(state.shelves, `${holding.shard}/${holding.kind}`).add(holding.uid);
  if (isClaimOf(holding)) state.claims.set(holding.owner, holding.uid);
  if (!isMember(holding) || holding.owner === undefined) return;
  const membership = membershipOf(state, holding.owner);
  membership.uids.add(holding.uid);
  if (isActive(holding)) membership.active += 1;
}

function unindex(state: BookState, holding: Holding): void {
  if (holding.goneAt !== undefined) return;
  const name = nameKey(holding.kind, holding.namespace, holding.name);
  if (state.names.get(name) === holding.uid) state.names.delete(name);
  state.shelves.get(`${holding.shard}/${holding.kind}`)?.delete(holding.uid);
  if (isClaimOf(holding) && state.claims.get(holding.owner) === holding.uid) {
    state.claims.delete(holding.owner);
  }
  if (!isMember(holding) || holding.owner === undefined) return;
  const membership = membershipOf(state, holding.owner);
  if (membership.uids.delete(holding.uid) && isActive(holding)) membership.active -= 1;
}

function isClaimOf(holding: Holding): holding is Holding & { readonly owner: string } {
  return holding.kind === 'PersistentVolumeClaim' && holding.owner !== undefined;
}

function membershipOf(state: BookState, setUid: string): Membership {
  const known = state.memberships.get(setUid);
  if (known !== undefined) return known;
  const made: Membership = { uids: new Set(), active: 0 };
  state.memberships.set(setUid, made);
  return made;
}

function setIn(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<string>();
  sets.set(key, made);
  return made;
}
