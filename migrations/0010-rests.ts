import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** A set that rests because it is paused; null for a row that was written before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table book.holding add column rests boolean').execute(db);
}
