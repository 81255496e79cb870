import type { Change, KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import { keyOf, type LiveKind, type Place, placeOf } from './kinds.ts';

/**
 * The objects with behaviour as the store has them. The store tells each change while it answers a write,
 * so what is read here between two writes is never old.
 */
export interface Mirror {
  see(kind: LiveKind, namespace: string, name: string): KubeObject | undefined;
  all(kind: LiveKind): Iterable<KubeObject>;
  /** Machines and instances that are to run on a claim. */
  usersOf(namespace: string, claim: string): readonly Place[];
  put(object: KubeObject): void;
  fold(change: Change): void;
}

export function createMirror(): Mirror {
  const objects = new Map<LiveKind, Map<string, KubeObject>>();
  const users = new Map<string, Map<string, Place>>();

  const remove = (place: Place): void => {
    const known = objects.get(place.kind)?.get(keyOf(place));
    if (known === undefined) return;
    objects.get(place.kind)?.delete(keyOf(place));
    if (runs(place)) for (const claim of claimsOf(known)) forget(users, { place, claim });
  };

  const put = (object: KubeObject): void => {
    const place = placeOf(object);
    if (place === undefined) return;
    remove(place);
    const ofKind = objects.get(place.kind) ?? new Map<string, KubeObject>();
    objects.set(place.kind, ofKind.set(keyOf(place), object));
    if (runs(place)) for (const claim of claimsOf(object)) note(users, { place, claim });
  };

  return {
    see: (kind, namespace, name) => objects.get(kind)?.get(keyOf({ kind, namespace, name })),
    all: (kind) => objects.get(kind)?.values() ?? [],
    usersOf: (namespace, claim) => [...(users.get(`${namespace}/${claim}`)?.values() ?? [])],
    put,
    fold: ({ type, object }) => {
      const place = placeOf(object);
      if (place === undefined) return;
      if (type === 'DELETED') remove(place);
      else put(object);
    },
  };
}

type Users = Map<string, Map<string, Place>>;
type Use = { readonly place: Place; readonly claim: string };

function runs({ kind }: Place): boolean {
  return kind === 'VirtualMachine' || kind === 'VirtualMachineInstance';
}

function note(users: Users, { place, claim }: Use): void {
  const key = `${place.namespace}/${claim}`;
  const known = users.get(key) ?? new Map<string, Place>();
  known.set(keyOf(place), place);
  users.set(key, known);
}

function forget(users: Users, { place, claim }: Use): void {
  const key = `${place.namespace}/${claim}`;
  const known = users.get(key);
  known?.delete(keyOf(place));
  if (known?.size === 0) users.delete(key);
}
