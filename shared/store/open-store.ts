import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { CustomTypesConfig } from 'pg';
import { assert } from '#shared/lib/assert.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { BookTables } from './tables.ts';

export interface Store extends AsyncDisposable {
  readonly db: Kysely<BookTables>;
}

export type StoreOptions = {
  readonly databaseUrl: string;
  /** Told to the server, which shows it beside each session. */
  readonly name: string;
  /** Told when an idle session dies; the next query opens another. Silent when absent. */
  readonly log?: Logger;
  /** Most sessions at once; 4 when absent. */
  readonly sessions?: number;
};

/** Connects at the first query, not before. */
export function openStore(options: StoreOptions): Store {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    application_name: options.name,
    max: options.sessions ?? 4,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    types: readingTypes,
  });
  // Without a listener the death of an idle session would end the process.
  pool.on('error', (error) => options.log?.warn({ err: error }, 'a database session was lost'));
  // A session in use tells its death through the query that fails; while it waits, nobody else listens.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<BookTables>({ dialect: new PostgresDialect({ pool }) });
  return { db, [Symbol.asyncDispose]: () => db.destroy() };
}

/**
 * int8 comes as text by default. Here it is a number: sequences of streams and chains stay far below
 * 2^53, and one that does not is a fault that must not be rounded away.
 */
const readingTypes: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? toSafeInteger
      : pg.types.getTypeParser(oid, format),
};

function toSafeInteger(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `the database returned ${text}, beyond 2^53`);
  return value;
}
