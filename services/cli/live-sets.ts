import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import { setKinds } from '#shared/contract/kinds.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import { isMode, modeAnnotation } from '#shared/contract/words.ts';
import type { Mode } from '#shared/contract/words.ts';
import { compareText } from '#shared/lib/order.ts';
import { listAll } from './cluster-access.ts';
import { isTerminating, nameOf, namespaceOf, numberAt, textsAt, uidOf } from './raw-fields.ts';
import type { Scope } from './scope.ts';

/** A set as the cluster has it now. */
export type LiveSet = {
  readonly kind: SetKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** As it stands in the spec; absent there means 1. */
  readonly desired: number;
  readonly current: number | undefined;
  readonly ready: number | undefined;
  readonly updated: number | undefined;
  /** Undefined where the annotation does not say it: then the services' default holds. */
  readonly mode: Mode | undefined;
  readonly deleting: boolean;
  readonly object: RawObject;
};

/** The sets of a scope, by namespace, kind and name. */
export async function readLiveSets(
  cluster: Pick<Cluster, 'list'>,
  scope: Scope,
): Promise<readonly LiveSet[]> {
  const kinds = scope.set === undefined ? setKinds : [scope.set.kind];
  const found: LiveSet[] = [];
  for (const kind of kinds) {
    found.push(...(await listAll(cluster, kind)).map((object) => liveSet(kind, object)));
  }
  return found.filter((set) => isWithin(scope, set)).toSorted(byName);
}

export function liveSet(kind: SetKind, object: RawObject): LiveSet {
  const annotated = textsAt(object, 'metadata', 'annotations')[modeAnnotation];
  return {
    kind,
    namespace: namespaceOf(object),
    name: nameOf(object),
    uid: uidOf(object),
    desired: numberAt(object, 'spec', 'replicas') ?? 1,
    current: numberAt(object, 'status', 'replicas'),
    ready: numberAt(object, 'status', 'readyReplicas'),
    updated: numberAt(object, 'status', 'updatedReplicas'),
    // A mode that nobody knows is only observed.
    mode: annotated === undefined ? undefined : isMode(annotated) ? annotated : 'observe',
    deleting: isTerminating(object),
    object,
  };
}

function isWithin({ namespace, set }: Scope, live: LiveSet): boolean {
  if (namespace !== undefined && live.namespace !== namespace) return false;
  return set === undefined || live.name === set.name;
}

function byName(left: LiveSet, right: LiveSet): number {
  return (
    compareText(left.namespace, right.namespace) ||
    compareText(left.kind, right.kind) ||
    compareText(left.name, right.name)
  );
}
