import type { Change, KubeObject, ResourceDefinition } from './types.ts';
import { resourceKey } from './registry.ts';

/** The newest changes, for watches that come back and for lists of the past. */
export interface History {
  /** The oldest version from which all later changes are still known. */
  readonly oldestVersion: number;
  add(change: Change): void;
  /** All changes after a version, oldest first. */
  since(version: number): readonly Change[] | 'gone';
  /** What the objects of a resource were at a version, given what they are now. */
  at(version: number, asked: Asked): readonly KubeObject[] | 'gone';
}

type Asked = {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly now: readonly KubeObject[];
};

/** Keeps at least `size` changes; `start` is the version before the first. */
export function openHistory(size: number, start: number): History {
  let changes: Change[] = [];
  let oldestVersion = start;

  const since = (version: number): readonly Change[] | 'gone' =>
    version < oldestVersion ? 'gone' : changes.slice(firstAfter(changes, version));

  return {
    get oldestVersion() {
      return oldestVersion;
    },
    add(change) {
      changes.push(change);
      // Dropping half at once keeps the cost of a change constant.
      if (changes.length < 2 * size + 2) return;
      const dropped = changes.length - size;
      oldestVersion = changes[dropped - 1]?.resourceVersion ?? oldestVersion;
      changes = changes.slice(dropped);
    },
    since,
    at(version, asked) {
      const later = since(version);
      return later === 'gone' ? 'gone' : rolledBack(later, asked);
    },
  };
}

function firstAfter(changes: readonly Change[], version: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isLater = (changes[middle]?.resourceVersion ?? 0) > version;
    if (isLater) high = middle;
    else low = middle + 1;
  }
  return low;
}

function rolledBack(later: readonly Change[], asked: Asked): readonly KubeObject[] {
  const key = resourceKey(asked.definition);
  const then = new Map<string, KubeObject | undefined>();
  for (const { definition, object, previous } of later) {
    const { namespace = '' } = object.metadata;
    if (asked.namespace !== '' && namespace !== asked.namespace) continue;
    const place = placeOf(object);
    if (resourceKey(definition) === key && !then.has(place)) then.set(place, previous);
  }
  if (then.size === 0) return asked.now;
  const unchanged = asked.now.filter((object) => !then.has(placeOf(object)));
  const old = [...then.values()].filter((object) => object !== undefined);
  return [...unchanged, ...old].toSorted((left, right) =>
    placeOf(left) < placeOf(right) ? -1 : 1,
  );
}

/** The tail of the object's key in etcd, which lists are ordered by. */
export function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
