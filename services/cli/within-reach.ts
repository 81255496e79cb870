import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import { askStanding } from '#shared/store/ask-book.ts';
import type { BookTables } from '#shared/store/tables.ts';

/** How many of the newest entries are searched. */
export const mostEntries = 200_000;

/** Which entries of the book are searched: its texts have no index, so only so far back. */
export function isWithinReach(): RawBuilder<boolean> {
  return sql<boolean>`sequence > (select coalesce(max(chain_sequence), 0) from book.standing) - ${mostEntries}`;
}

/** The book is longer than that: what is older is not found, and an answer has to say so. */
export async function isBeyondReach(db: Kysely<BookTables>): Promise<boolean> {
  return ((await askStanding(db))?.chain_sequence ?? 0) > mostEntries;
}
