import { isRecord } from '#shared/lib/canonical.ts';
import { copyJson, equalJson, put } from './json.ts';

export type JsonPatched =
  | { readonly kind: 'patched'; readonly value: unknown }
  /** A test that does not hold, a path that is not there, or an operation that does not exist. */
  | { readonly kind: 'rejected' };

type Place = { readonly kind: 'found'; readonly value: unknown } | { readonly kind: 'absent' };

const absent: Place = { kind: 'absent' };
const rejected: JsonPatched = { kind: 'rejected' };

/** JSON patch, RFC 6902: all operations, in order, or none. */
export function applyJsonPatch(target: unknown, operations: readonly unknown[]): JsonPatched {
  let document: JsonPatched = { kind: 'patched', value: copyJson(target) };
  for (const operation of operations) {
    if (document.kind === 'rejected') return document;
    document = isRecord(operation) ? applyOne(document.value, operation) : rejected;
  }
  return document;
}

type Operation = Readonly<Record<string, unknown>>;

function applyOne(document: unknown, operation: Operation): JsonPatched {
  const path = pointerOf(operation['path']);
  if (path === undefined) return rejected;
  switch (operation['op']) {
    case 'test': {
      const there = read(document, path);
      const value = there.kind === 'found' ? there.value : null;
      return equalJson(value, operation['value'] ?? null) ? patched(document) : rejected;
    }
    case 'add':
      return add(document, path, operation['value'] ?? null);
    case 'remove':
      return remove(document, path);
    case 'replace': {
      if (read(document, path).kind === 'absent') return rejected;
      return replace(document, path, operation['value'] ?? null);
    }
    case 'move':
    case 'copy':
      return moveOrCopy(document, path, operation);
    default:
      return rejected;
  }
}

function moveOrCopy(
  document: unknown,
  path: readonly string[],
  { op, from: origin }: Operation,
): JsonPatched {
  const from = pointerOf(origin);
  const there = from === undefined ? absent : read(document, from);
  if (from === undefined || there.kind === 'absent') return rejected;
  const rest = op === 'move' ? remove(document, from) : patched(document);
  return rest.kind === 'patched' ? add(rest.value, path, copyJson(there.value)) : rest;
}

function patched(value: unknown): JsonPatched {
  return { kind: 'patched', value };
}

function pointerOf(value: unknown): readonly string[] | undefined {
  if (value === '') return [];
  if (typeof value !== 'string' || !value.startsWith('/')) return undefined;
  const parts = value.slice(1).split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: readonly string[]): Place {
  return path.reduce<Place>(
    (place, part) => (place.kind === 'found' ? step(place.value, part) : absent),
    { kind: 'found', value: document },
  );
}

function step(value: unknown, part: string): Place {
  if (Array.isArray(value)) {
    const index = indexOf(part, value.length - 1);
    return index === undefined ? absent : { kind: 'found', value: value[index] };
  }
  if (!isRecord(value) || !Object.hasOwn(value, part)) return absent;
  return { kind: 'found', value: value[part] };
}

function indexOf(part: string, last: number): number | undefined {
  if (!/^(0|[1-9]\d*)$/.test(part)) return undefined;
  const index = Number(part);
  return index <= last ? index : undefined;
}

/** The documents below are our own copies, so the operations may change them in place. */
function add(document: unknown, path: readonly string[], value: unknown): JsonPatched {
  const last = path.at(-1);
  if (last === undefined) return patched(value);
  const parent = read(document, path.slice(0, -1));
  if (parent.kind === 'absent') return rejected;
  if (Array.isArray(parent.value)) {
    const index = last === '-' ? parent.value.length : indexOf(last, parent.value.length);
    if (index === undefined) return rejected;
    parent.value.splice(index, 0, value);
    return patched(document);
  }
  return setIn(document, parent.value, { key: last, value });
}

function replace(document: unknown, path: readonly string[], value: unknown): JsonPatched {
  const last = path.at(-1);
  if (last === undefined) return patched(value);
  const parent = read(document, path.slice(0, -1));
  if (parent.kind === 'absent') return rejected;
  if (Array.isArray(parent.value)) {
    parent.value[Number(last)] = value;
    return patched(document);
  }
  return setIn(document, parent.value, { key: last, value });
}

type Field = { readonly key: string; readonly value: unknown };

function setIn(document: unknown, parent: unknown, { key, value }: Field): JsonPatched {
  if (!isMutable(parent)) return rejected;
  put(parent, key, value);
  return patched(document);
}

function remove(document: unknown, path: readonly string[]): JsonPatched {
  const last = path.at(-1);
  if (last === undefined || read(document, path).kind === 'absent') return rejected;
  const parent = read(document, path.slice(0, -1));
  if (parent.kind === 'absent') return rejected;
  if (Array.isArray(parent.value)) parent.value.splice(Number(last), 1);
  else if (isMutable(parent.value)) delete parent.value[last];
  return patched(document);
}

function isMutable(value: unknown): value is Record<string, unknown> {
  return isRecord(value);
}
