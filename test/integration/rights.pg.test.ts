import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '#shared/store/open-store.ts';
import type { Store } from '#shared/store/open-store.ts';
import type { BookTables } from '#shared/store/tables.ts';
import { createBook } from './book-database.ts';
import type { BookDatabase, BookRole } from './book-database.ts';

/* The closed list of what each role may do in the database; a grant too many fails here. */

const views: Readonly<Record<'reader' | 'gateway' | 'executor', readonly string[]>> = {
  reader: [
    'attributions',
    'deleted_volumes',
    'entries',
    'history',
    'holds',
    'quarantined',
    'sets',
    'standing',
    'take_overs',
  ],
  gateway: ['deleted_volumes', 'disks_of_members', 'entries', 'history', 'sets', 'standing'],
  executor: ['position_of_recorder'],
};

const recorder: Readonly<Record<string, readonly string[]>> = {
  entry: ['INSERT', 'SELECT'],
  activity: ['INSERT', 'SELECT', 'UPDATE'],
  attribution: ['INSERT', 'SELECT', 'UPDATE'],
  deleted_volume: ['INSERT', 'SELECT', 'UPDATE'],
  hold: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'],
  holding: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'],
  poison: ['INSERT', 'SELECT', 'UPDATE'],
  position: ['INSERT', 'SELECT', 'UPDATE'],
  survey: ['INSERT', 'SELECT', 'UPDATE'],
  take_over: ['INSERT', 'SELECT', 'UPDATE'],
};

let book: BookDatabase;
const stores: Store[] = [];
beforeAll(async () => {
  book = await createBook();
});
afterAll(async () => {
  for (const store of stores) await store[Symbol.asyncDispose]();
  await book[Symbol.asyncDispose]();
});

function as(role?: BookRole): Kysely<BookTables> {
  const store = openStore({ databaseUrl: book.urlFor(role), name: 'test', sessions: 1 });
  stores.push(store);
  return store.db;
}

const allRights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

/** What a role may really do, by whatever way it came to it: `table: rights`, in the whole database. */
async function rightsOf(role: BookRole): Promise<Readonly<Record<string, readonly string[]>>> {
  const { rows } = await sql<{ table: string; allowed: string }>`
    select c.relname as table, p.allowed
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join unnest(${sql.val(allRights)}::text[]) as p (allowed)
    where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
      and c.relkind in ('r', 'v', 'm', 'p', 'f')
      and (has_table_privilege(${`rollcall_${role}`}, c.oid, p.allowed)
        or (p.allowed in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
          and has_any_column_privilege(${`rollcall_${role}`}, c.oid, p.allowed)))
    order by 1, 2`.execute(as());
  const found: Record<string, string[]> = {};
  for (const { table, allowed } of rows) (found[table] ??= []).push(allowed);
  return found;
}

describe.for(['reader', 'gateway', 'executor'] as const)('%s', (role) => {
  test('reads its views, and nothing else', async () => {
    const expected = Object.fromEntries(views[role].map((view) => [view, ['SELECT']]));
    expect(await rightsOf(role)).toEqual(expected);
  });

  test('writes nothing, not even where a grant was a mistake', async () => {
    const { rows } = await sql<{ only: string }>`
      select current_setting('default_transaction_read_only') as only`.execute(as(role));
    expect(rows).toEqual([{ only: 'on' }]);
  });
});

test('the recorder adds entries and never changes one; what is derived it keeps', async () => {
  expect(await rightsOf('recorder')).toEqual(recorder);
});

test.for(['recorder', 'reader', 'gateway', 'executor'] as const)(
  '%s makes, owns and becomes nothing',
  async (role) => {
    const name = `rollcall_${role}`;
    const { rows } = await sql<Record<string, unknown>>`
      select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
        has_schema_privilege(oid, 'book', 'CREATE') as creates,
        has_schema_privilege(oid, 'public', 'CREATE') as creates_in_public,
        exists (select 1 from pg_auth_members m where m.member = r.oid) as is_member,
        exists (select 1 from pg_class c where c.relowner = r.oid) as owns
      from pg_roles r where rolname = ${name}`.execute(as());
    expect(Object.values(rows[0] ?? { none: true })).toEqual(Array(9).fill(false));
  },
);

test.for([
  ['gateway', 'select * from book.entry'],
  ['gateway', 'select * from book.activity'],
  ['gateway', 'select * from book.attributions'],
  ['gateway', `update book.sets set wanted = 9`],
  ['reader', 'select * from book.attribution'],
  ['reader', 'select * from public.rollcall_migration'],
  ['executor', 'select * from book.sets'],
  ['recorder', `select pg_read_file('/etc/passwd')`],
  ['recorder', `copy book.entry to program 'cat'`],
] as const)('%s may not: %s', async ([role, statement]) => {
  await expect(sql.raw(statement).execute(as(role))).rejects.toMatchObject({ code: '42501' });
});
