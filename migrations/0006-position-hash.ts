import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * A log that was emptied or set back keeps its lineage and gives its sequences anew: only the hash of the
 * message at the position tells whether the position is one of the log that is there.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create or replace view book.position_of_recorder as
        select lineage, sequence, hash from book.position`,
    )
    .execute(db);
}
