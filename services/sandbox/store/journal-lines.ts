import { isRecord } from '#shared/lib/canonical.ts';
import type { RestoredChange } from './core.ts';
import type { Change, KubeObject } from './types.ts';

/** One committed change as it stands in the journal; `at` is the wall time in milliseconds. */
export type ChangeLine = {
  readonly rv: number;
  readonly at: number;
  readonly type: Change['type'];
  readonly object: KubeObject;
};

export type SnapshotHead = {
  /** The resourceVersion of the objects that follow. */
  readonly snapshot: number;
  readonly at: number;
  readonly count: number;
};

export type LinesRead<Value> = {
  readonly values: readonly Value[];
  /** So many bytes hold whole lines; what follows was torn by a crash. */
  readonly wholeBytes: number;
};

/** Reads whole lines. A last line that was torn is left out; any other bad line is a fault. */
export function readLines<Value>(
  bytes: Buffer,
  parse: (value: unknown) => Value | undefined,
): LinesRead<Value> {
  const values: Value[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    const value = parse(parseJson(bytes.subarray(start, end).toString()));
    if (value === undefined) {
      if (bytes.indexOf(10, end + 1) === -1) break;
      throw new Error(`reading line ${values.length + 1}: it is not what a journal holds`);
    }
    values.push(value);
    start = end + 1;
  }
  return { values, wholeBytes: start };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A line that was torn; the caller knows whether it may be.
    return undefined;
  }
}

export function parseChangeLine(value: unknown): RestoredChange | undefined {
  if (!isRecord(value)) return undefined;
  const { rv, type, object } = value;
  if (typeof rv !== 'number' || !isStored(object)) return undefined;
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return undefined;
  return { resourceVersion: rv, type, object };
}

export function parseSnapshotLine(value: unknown): SnapshotHead | KubeObject | undefined {
  if (isStored(value)) return value;
  if (!isRecord(value)) return undefined;
  const { snapshot, at, count } = value;
  if (typeof snapshot !== 'number' || typeof at !== 'number') return undefined;
  return typeof count === 'number' ? { snapshot, at, count } : undefined;
}

export function isSnapshotHead(line: SnapshotHead | KubeObject): line is SnapshotHead {
  return typeof line['snapshot'] === 'number' && !('metadata' in line);
}

/** The journal holds what the store wrote, so the shape of the whole follows from its head. */
function isStored(value: unknown): value is KubeObject {
  if (!isRecord(value) || typeof value['kind'] !== 'string') return false;
  const { metadata } = value;
  return isRecord(metadata) && typeof metadata['name'] === 'string';
}
