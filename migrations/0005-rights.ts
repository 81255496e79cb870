import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { changeRole } from './change-role.ts';

/**
 * The gateway's own role, which reads what it serves, and a second lock on the readers. What belongs to the
 * database as a whole stays as it is, for others may live in it too.
 */
const role = `
do $make$
begin
  create role rollcall_gateway login;
exception
  when duplicate_object or unique_violation then null;
end
$make$;
`;

const rights = `
revoke execute on function book.refuse_change() from public;

-- The executor alone asks for it.
revoke select on book.position_of_recorder from rollcall_reader;

grant usage on schema book to rollcall_gateway;
grant select on book.entries, book.history, book.deleted_volumes, book.sets, book.standing
  to rollcall_gateway;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const part of [role, rights]) await sql.raw(part).execute(db);
  await changeRole(db, `alter role rollcall_gateway set statement_timeout = '30s'`);
  await changeRole(
    db,
    `alter role rollcall_gateway set idle_in_transaction_session_timeout = '60s'`,
  );
  // Their rights say so already; this way a mistake in a grant writes nothing either.
  for (const reader of ['reader', 'gateway', 'executor']) {
    await changeRole(db, `alter role rollcall_${reader} set default_transaction_read_only = on`);
  }
}
