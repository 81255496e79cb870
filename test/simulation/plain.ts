import { isRecord } from '#shared/lib/canonical.ts';

/**
 * A value without maps and sets, in an order that does not tell how it came about. An index under a key
 * with nothing in it is the same as none.
 */
export function plainOf(value: unknown): unknown {
  if (value instanceof Map) {
    const entries = [...value].flatMap(([key, item]): [string, unknown][] =>
      isEmpty(item) ? [] : [[String(key), plainOf(item)]],
    );
    return { map: Object.fromEntries(entries) };
  }
  if (value instanceof Set) {
    return { set: [...value].map((item) => JSON.stringify(plainOf(item))).toSorted() };
  }
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, plainOf(item)]],
    ),
  );
}

function isEmpty(value: unknown): boolean {
  if (value instanceof Set) return value.size === 0;
  return value instanceof Map && [...value.values()].every(isEmpty);
}

/** Where two plain values differ first, and how; undefined when they are equal. */
export function difference(left: unknown, right: unknown): string | undefined {
  if (isRecord(left) && isRecord(right)) {
    for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()) {
      const inner = difference(left[key], right[key]);
      if (inner !== undefined) return `${key}.${inner}`;
    }
    return undefined;
  }
  const texts = [JSON.stringify(left) ?? 'nothing', JSON.stringify(right) ?? 'nothing'];
  return texts[0] === texts[1] ? undefined : `${texts[0]} and not ${texts[1]}`.slice(0, 300);
}
