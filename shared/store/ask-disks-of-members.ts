import type { Kysely } from 'kysely';
import type { BookTables, MemberDiskRow } from './tables.ts';

/** More than a warning could ever name; a set beyond it reads as one that cannot be told. */
const most = 20_000;

/**
 * Machines of a set that stand, with the disks that would be deleted with them; undefined where the book
 * does not know the set, or cannot tell all.
 */
export async function askDisksOfMembers(
  db: Kysely<BookTables>,
  setUid: string,
): Promise<readonly MemberDiskRow[] | undefined> {
  const set = await db
    .selectFrom('book.sets')
    .select('set_uid')
    .where('set_uid', '=', setUid)
    .where('gone_at', 'is', null)
    .executeTakeFirst();
  if (set === undefined) return undefined;
  const rows = await db
    .selectFrom('book.disks_of_members')
    .selectAll()
    .where('set_uid', '=', setUid)
    .orderBy('member')
    .orderBy('disk')
    .limit(most + 1)
    .execute();
  return rows.length > most ? undefined : rows;
}
