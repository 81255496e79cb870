import { UnavailableError } from '#shared/lib/unavailable.ts';
import { openStore } from './open-store.ts';

export type RecordedUpTo = {
  readonly lineage: string;
  readonly sequence: number;
  readonly hash?: string;
};

/**
 * How far the recorder has come: everything up to `sequence` of that lineage stands in the book, as long as
 * the message there has this hash; absent at 0.
 */
export interface RecorderPosition extends AsyncDisposable {
  /** Undefined while the book is empty. A read that fails throws UnavailableError. */
  read(): Promise<RecordedUpTo | undefined>;
}

/** Through a role that may see this one row and nothing else. */
export function openRecorderPosition(databaseUrl: string): RecorderPosition {
  const store = openStore({ databaseUrl, name: 'rollcall-executor', sessions: 1 });
  return {
    async read() {
      try {
        const row = await store.db
          .selectFrom('book.position_of_recorder')
          .select(['lineage', 'sequence', 'hash'])
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const { hash, ...place } = row;
        return hash === null ? place : { ...place, hash };
      } catch (error) {
        throw new UnavailableError('reading the position of the recorder', { cause: error });
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
