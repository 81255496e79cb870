import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

const mostEntries = 200_000;

/** Which entries of the book are searched: its texts have no index, so only so far back. */
export function isWithinReach(): RawBuilder<boolean> {
  return sql<boolean>`sequence > (select coalesce(max(chain_sequence), 0) from book.standing) - ${mostEntries}`;
}
