import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';

export type Body = Readonly<Record<string, unknown>>;

/** One value of the old stamp, the new one, and the live object. Undefined: it is not there. */
export type Merge = {
  readonly old: unknown;
  readonly next: unknown;
  readonly live: unknown;
  /** False when nobody knows the old stamp: then nothing is taken away. */
  readonly isOldKnown: boolean;
  /** Name of the field or of the list that the value stands in: alternatives differ by it. */
  readonly place: string;
};

/**
 * What the live value becomes. Where both stamps agree, the live value stays as it is. Maps are merged
 * field by field, lists of named items item by item; anything else is replaced.
 */
export function mergeValue(merge: Merge): unknown {
  const { old, next, live, isOldKnown } = merge;
  if (isOldKnown && isSame(old, next)) return live;
  if (next === undefined) return isOldKnown ? without(merge) : live;
  if (isRecord(next) && isRecord(live) && !isWhole(merge)) return mergeMaps(merge, next, live);
  if (Array.isArray(next) && Array.isArray(live)) {
    return mergeLists(merge, next, live) ?? next;
  }
  return next;
}

/** Equal as JSON, with null for absent. */
export function isSame(left: unknown, right: unknown): boolean {
  return left === right || canonicalJson(withoutNulls(left)) === canonicalJson(withoutNulls(right));
}

/** A template comes back with null in fields that nobody has set. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNulls(field)]));
}

/**
 * The controller keeps beside the name of an instance type which version of it a machine was started
 * with: another name with the version of the old one would be refused.
 */
const whole: ReadonlySet<string> = new Set(['instancetype', 'preference']);

function isWhole({ place, next, live }: Merge): boolean {
  if (!whole.has(place)) return false;
  const [after, before] = [isRecord(next) ? next : {}, isRecord(live) ? live : {}];
  return ['name', 'kind'].some(
    // Whoever names no kind gets the server's.
    (field) => after[field] !== before[field] && (field === 'name' || after[field] !== undefined),
  );
}

/** The template has dropped a field: what others put inside it stays. */
function without(merge: Merge): unknown {
  const { old, live } = merge;
  if (Array.isArray(old) && Array.isArray(live)) {
    const rest = mergeLists(merge, [], live) ?? [];
    return rest.length === 0 ? undefined : rest;
  }
  if (!isRecord(live) || !isRecord(old) || isWhole(merge)) return undefined;
  const rest = mergeMaps(merge, {}, live);
  return Object.values(rest).every((value) => value === null) ? undefined : rest;
}

function mergeMaps(merge: Merge, next: Body, live: Body): Body {
  const old = isRecord(merge.old) ? merge.old : {};
  const merged: [string, unknown][] = [];
  for (const field of new Set([...Object.keys(live), ...Object.keys(next), ...Object.keys(old)])) {
    const value = mergeValue({
      old: old[field],
      next: next[field],
      live: live[field],
      isOldKnown: merge.isOldKnown,
      place: field,
    });
    if (value !== undefined) merged.push([field, value]);
  }
  return withoutRivals(merge, next, Object.fromEntries(merged));
}

/**
 * Fields of which an object may have one alone: the source of a volume, the way a disk or an interface is
 * attached, the two spellings of whether a machine runs.
 */
const alternatives: Readonly<Record<string, 'any' | ReadonlySet<string>>> = {
  volumes: 'any',
  networks: 'any',
  disks: new Set(['disk', 'cdrom', 'lun']),
  interfaces: new Set([
    ...['bridge', 'masquerade', 'sriov', 'binding'],
    ...['slirp', 'macvtap', 'passt', 'passtBinding'],
  ]),
  spec: new Set(['running', 'runStrategy']),
};

/** Where the new stamp has changed which alternative is taken, the live one gives way. */
function withoutRivals({ old, place }: Merge, next: Body, merged: Body): Body {
  const group = alternatives[place];
  if (group === undefined) return merged;
  const isOne = (field: string) => (group === 'any' ? field !== 'name' : group.has(field));
  const before = isRecord(old) ? old : {};
  const chosen = Object.keys(next).filter(isOne);
  const isChanged = chosen.some((field) => !isSame(before[field], next[field]));
  if (!isChanged) return merged;
  return Object.fromEntries(
    Object.entries(merged).filter(([field]) => !isOne(field) || chosen.includes(field)),
  );
}

/** Items by name, in the order of the new stamp, then those of others; undefined for other lists. */
function mergeLists(
  merge: Merge,
  next: readonly unknown[],
  live: readonly unknown[],
): readonly unknown[] | undefined {
  const old = byName(Array.isArray(merge.old) ? merge.old : []);
  const [wanted, present] = [byName(next), byName(live)];
  if (old === undefined || wanted === undefined || present === undefined) return undefined;
  const merged: unknown[] = [];
  for (const [name, item] of wanted) {
    const value = mergeValue({
      old: old.get(name),
      next: item,
      live: present.get(name),
      isOldKnown: merge.isOldKnown,
      place: merge.place,
    });
    if (value !== undefined) merged.push(value);
  }
  for (const [name, item] of present) {
    if (!wanted.has(name) && !old.has(name)) merged.push(item);
  }
  return merged;
}

/** Items by `name` or `metadata.name`; undefined unless each has one of its own. */
function byName(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const name = nameOf(item);
    if (name === undefined || items.has(name)) return undefined;
    items.set(name, item);
  }
  return items;
}

function nameOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const name = item['name'] ?? (isRecord(item['metadata']) ? item['metadata']['name'] : undefined);
  return typeof name === 'string' ? name : undefined;
}
