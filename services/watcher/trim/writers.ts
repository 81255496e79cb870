import type { Writer } from '#shared/contract/objects.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import { fieldsOf, listOf, textOf, timeOf } from './read.ts';

/** A field as managedFields spell it: `['f:spec', 'f:replicas']`. */
export type FieldPath = readonly string[];

/** Who wrote a field last, of those who own it: with server-side apply several may. */
export function writerOf(managedFields: unknown, path: FieldPath): Writer | undefined {
  return writersOf(managedFields, path).at(-1);
}

/** Who made the object: the oldest entry. Times have seconds, so a status written at once may tie. */
export function creatorOf(managedFields: unknown): Writer | undefined {
  const writers = listOf(managedFields).filter(isRecord).map(readWriter);
  return writers.toSorted((left, right) => byTime(left, right) || bySubresource(left, right))[0];
}

/** When a manager last wrote the status; undefined when no field of it is the manager's. */
export function statusWrittenAt(managedFields: unknown, manager: string): string | undefined {
  return writersOf(managedFields, ['f:status']).findLast((writer) => writer.manager === manager)
    ?.time;
}

/** All who own a field, the last writer last. */
function writersOf(managedFields: unknown, path: FieldPath): readonly Writer[] {
  const writers = listOf(managedFields)
    .filter((entry) => ownsField(entry, path))
    .map(readWriter);
  return writers.toSorted(byTime);
}

function ownsField(entry: unknown, path: FieldPath): boolean {
  let fields = fieldsOf(entry)['fieldsV1'];
  for (const name of path) {
    fields = fieldsOf(fields)[name];
    if (fields === undefined) return false;
  }
  return true;
}

function readWriter(entry: unknown): Writer {
  const { manager, operation, subresource, time } = fieldsOf(entry);
  const part = textOf(subresource);
  const at = timeOf(time);
  return {
    manager: textOf(manager) ?? '',
    operation: textOf(operation) ?? '',
    ...(part === undefined || part === '' ? {} : { subresource: part }),
    ...(at === undefined ? {} : { time: at }),
  };
}

function byTime(left: Writer, right: Writer): number {
  return compareText(left.time ?? '', right.time ?? '');
}

function bySubresource(left: Writer, right: Writer): number {
  return compareText(left.subresource ?? '', right.subresource ?? '');
}
