import type { Kysely } from 'kysely';
import { isAway, lacksBook } from '#shared/store/away.ts';
import { openStore } from '#shared/store/open-store.ts';
import type { BookTables } from '#shared/store/tables.ts';
import { unavailableError } from './failure.ts';

/** Asks the book, and says in a sentence when it cannot be asked. */
export async function withBook<Answer>(
  databaseUrl: string,
  ask: (db: Kysely<BookTables>) => Promise<Answer>,
): Promise<Answer> {
  await using store = openStore({ databaseUrl, name: 'rollcall-cli' });
  try {
    return await ask(store.db);
  } catch (error) {
    if (lacksBook(error)) {
      throw unavailableError('the database has no book yet; run the migrations first', {
        cause: error,
      });
    }
    if (!isAway(error)) throw error;
    throw unavailableError(
      `the book cannot be reached at ${placeOf(databaseUrl)}; is Rollcall running?`,
      {
        cause: error,
      },
    );
  }
}

/** Host and port, without the password. */
function placeOf(databaseUrl: string): string {
  return URL.parse(databaseUrl)?.host ?? 'the address in cli.json';
}
