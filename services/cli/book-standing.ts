import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { BookTables } from '#shared/store/tables.ts';

/** What the book says of itself and of who works on it. */
export type BookStanding = {
  readonly standing: BookTables['book.standing'] | undefined;
  readonly holds: readonly BookTables['book.holds'][];
  readonly takeOvers: readonly BookTables['book.take_overs'][];
  /** The newest unreadable records. */
  readonly quarantined: readonly BookTables['book.quarantined'][];
  /** Where unreadable records stop destruction. */
  readonly blocked: readonly Blocked[];
  readonly sets: number;
  /** Processes with a session in the database, by the names they give themselves. */
  readonly sessions: ReadonlyMap<string, number>;
};

/** Nothing is destroyed in a namespace, or in a whole shard, until each kind is surveyed anew. */
export type Blocked = {
  readonly shard: string;
  /** Null when a whole frame was unreadable: it may have been about any namespace of the shard. */
  readonly namespace: string | null;
  readonly records: number;
  readonly since: Date;
};

export async function readBookStanding(db: Kysely<BookTables>): Promise<BookStanding> {
  const [standing, holds, takeOvers, quarantined, blocked, sets, sessions] = await Promise.all([
    db.selectFrom('book.standing').selectAll().executeTakeFirst(),
    db.selectFrom('book.holds').selectAll().orderBy('namespace').orderBy('set_name').execute(),
    db.selectFrom('book.take_overs').selectAll().orderBy('shard').execute(),
    readQuarantined(db),
    readBlocked(db),
    countSets(db),
    readSessions(db),
  ]);
  return { standing, holds, takeOvers, quarantined, blocked, sets, sessions };
}

const mostQuarantined = 20;

function readQuarantined(db: Kysely<BookTables>): Promise<BookStanding['quarantined']> {
  return db
    .selectFrom('book.quarantined')
    .selectAll()
    .orderBy('at', 'desc')
    .limit(mostQuarantined)
    .execute();
}

function readBlocked(db: Kysely<BookTables>): Promise<readonly Blocked[]> {
  return db
    .selectFrom('book.quarantined')
    .select(['shard', 'namespace'])
    .select(({ fn }) => [fn.countAll<number>().as('records'), fn.min('at').as('since')])
    .where('blocks', '=', true)
    .groupBy(['shard', 'namespace'])
    .orderBy('shard')
    .orderBy('namespace')
    .execute();
}

async function countSets(db: Kysely<BookTables>): Promise<number> {
  const row = await db
    .selectFrom('book.sets')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('gone_at', 'is', null)
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** How many sessions each service has, by its name. */
export async function readSessions(db: Kysely<BookTables>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ readonly name: string; readonly count: number }>`
    select application_name as name, count(*) as count from pg_stat_activity
    where datname = current_database() and application_name like 'rollcall-%' group by 1`.execute(
    db,
  );
  return new Map(rows.map(({ name, count }) => [name.slice('rollcall-'.length), count]));
}
