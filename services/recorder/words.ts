import { InvariantError } from '#shared/lib/assert.ts';
import type { Grade, Operation, OperationOutcome, VolumeState } from './rows.ts';

/* The words of the derived tables, read back from their columns. */

export const operationOf = reader<Operation>('operation', [
  'created',
  'found',
  'scaled',
  'member-replaced',
  'deleted',
]);

export const gradeOf = reader<Grade>('grade', ['proven', 'corroborated', 'inferred', 'unknown']);

export const outcomeOf = reader<OperationOutcome>('outcome of an operation', [
  'running',
  'held',
  'done',
  'superseded',
]);

export const volumeStateOf = reader<VolumeState>('state of a disk', ['at risk', 'gone', 'kept']);

function reader<Word extends string>(what: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new InvariantError(`the book holds an unknown ${what}: ${text}`);
    return word;
  };
}
