import { UnavailableError } from '#shared/lib/unavailable.ts';
import { openStore } from './open-store.ts';

/** How far the recorder has come: everything up to `sequence` of that lineage stands in the book. */
export interface RecorderPosition extends AsyncDisposable {
  /** Undefined while the book is empty. A read that fails throws UnavailableError. */
  read(): Promise<{ readonly lineage: string; readonly sequence: number } | undefined>;
}

/** Through a role that may see this one row and nothing else. */
export function openRecorderPosition(databaseUrl: string): RecorderPosition {
  const store = openStore({ databaseUrl, name: 'rollcall-executor', sessions: 1 });
  return {
    async read() {
      try {
        return await store.db
          .selectFrom('book.position_of_recorder')
          .select(['lineage', 'sequence'])
          .executeTakeFirst();
      } catch (error) {
        throw new UnavailableError('reading the position of the recorder', { cause: error });
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
