import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * Until when an unreadable record stops destruction: nobody knows which kind it was of, so every kind
 * that is surveyed in its shard must have been surveyed whole by a survey that began after it.
 */
const statements = `
-- One row for each kind that is surveyed in a shard.
create table book.survey (
  shard text not null,
  kind text not null,
  turn integer not null,
  -- where the newest survey that came to a whole end began; 0 while none has
  whole_since bigint not null,
  primary key (shard, kind)
);

create or replace view book.quarantined as
  select stream_sequence, part, shard, family, namespace, problem, at,
    p.turn = (select turn from book.position) and coalesce(
      (select bool_or(s.whole_since <= p.stream_sequence) from book.survey s
        where s.shard = p.shard and s.turn = p.turn), true) as blocks
  from book.poison p;

grant select, insert, update on book.survey to rollcall_recorder;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statements).execute(db);
}
