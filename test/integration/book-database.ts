import { inject } from 'vitest';
import { migrate } from '#migrations/migrate.ts';
import { setPasswords } from '#migrations/passwords.ts';
import { openStore } from '#shared/store/open-store.ts';
import { createDatabase } from '#test/support/test-database.ts';

export type BookRole = 'recorder' | 'reader' | 'executor' | 'gateway';

/** A database of a test's own with an empty book in it, as the migrations make it. */
export type BookDatabase = AsyncDisposable & {
  /** Its address as one of the book's roles; as the owner, a superuser, when absent. */
  urlFor(role?: BookRole): string;
};

/** Roles belong to the server, so all tests of a run give them the same passwords. */
const password = 'only-for-tests';

export async function createBook(serverUrl = inject('postgresUrl')): Promise<BookDatabase> {
  const database = await createDatabase(serverUrl);
  await using owner = openStore({ databaseUrl: database.url, name: 'test' });
  await migrate(owner.db);
  await setPasswords(owner.db, {
    recorder: password,
    reader: password,
    executor: password,
    gateway: password,
  });
  return {
    urlFor(role) {
      const url = new URL(database.url);
      if (role === undefined) return url.href;
      url.username = `rollcall_${role}`;
      url.password = password;
      return url.href;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
