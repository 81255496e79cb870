import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * Alters a role. Roles belong to the server and no lock of ours spans databases: when two of them are
 * set up at once, one finds the role changed under its hands (`tuple concurrently updated`, an internal
 * error to Postgres) and has to try again.
 */
export async function changeRole<Tables>(db: Kysely<Tables>, statement: string): Promise<void> {
  await sql
    .raw(
      `do $change$
      begin
        for attempt in 1..50 loop
          begin
            ${statement};
            return;
          exception when internal_error then
            if attempt = 50 then raise; end if;
            perform pg_sleep(0.02);
          end;
        end loop;
      end
      $change$`,
    )
    .execute(db);
}
