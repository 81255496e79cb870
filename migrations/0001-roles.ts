import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { changeRole } from './change-role.ts';

const roles = ['rollcall_recorder', 'rollcall_reader', 'rollcall_executor'] as const;

/**
 * The three roles of the book. Roles belong to the server and not to the database, so they may be there
 * already, made by a migration of another database, even at this moment.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const role of roles) {
    await sql
      .raw(
        `do $make$
        begin
          create role ${role} login;
        exception
          when duplicate_object or unique_violation then null;
        end
        $make$`,
      )
      .execute(db);
  }
  // People read through this role: a forgotten query must not hold the server for ever.
  await changeRole(db, `alter role rollcall_reader set statement_timeout = '30s'`);
  await changeRole(
    db,
    `alter role rollcall_reader set idle_in_transaction_session_timeout = '60s'`,
  );
  // The executor asks for one row, many times a second.
  await changeRole(db, `alter role rollcall_executor set statement_timeout = '5s'`);
}
