import { sql } from 'kysely';
import type { Kysely } from 'kysely';

const roles = ['rollcall_recorder', 'rollcall_reader', 'rollcall_executor'] as const;

/**
 * The three roles of the book. Roles belong to the server and not to the database, so they may be there
 * already, made by a migration of another database, even at this moment.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const role of roles) {
    await sql`
      do ${sql.raw(`$make$
      begin
        create role ${role} login;
      exception
        when duplicate_object or unique_violation then null;
      end
      $make$`)}`.execute(db);
  }
  // People read through this role: a forgotten query must not hold the server for ever.
  await setForRole(db, 'rollcall_reader', `statement_timeout = '30s'`);
  await setForRole(db, 'rollcall_reader', `idle_in_transaction_session_timeout = '60s'`);
  // The executor asks for one row, many times a second.
  await setForRole(db, 'rollcall_executor', `statement_timeout = '5s'`);
}

/** The settings are the same wherever they are made; two databases migrated at once may collide. */
async function setForRole(db: Kysely<unknown>, role: string, setting: string): Promise<void> {
  await sql`
    do ${sql.raw(`$set$
    begin
      perform pg_advisory_xact_lock(1919904876, 2);
      alter role ${role} set ${setting};
    end
    $set$`)}`.execute(db);
}
