import { Migrator } from 'kysely/migration';
import type { MigrationResult } from 'kysely/migration';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { RefusalError } from '#shared/process/refusal.ts';
import { migrations } from './index.ts';

const oldestServer = 150_000;

/**
 * Brings a database to the newest schema; nothing happens when it is there. Two at once are safe: the
 * second waits and finds everything done. Returns the names of the migrations it applied.
 */
export async function migrate<Tables>(db: Kysely<Tables>): Promise<readonly string[]> {
  await refuseOldServer(db);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    // Beside the book and not in it: the roles of the book have no business with it.
    migrationTableName: 'rollcall_migration',
    migrationLockTableName: 'rollcall_migration_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new Error(`migrating the database: ${failed?.migrationName ?? 'before the first step'}`, {
      cause: error,
    });
  }
  return appliedIn(results ?? []);
}

function appliedIn(results: readonly MigrationResult[]): readonly string[] {
  return results
    .filter((result) => result.status === 'Success')
    .map((result) => result.migrationName);
}

async function refuseOldServer<Tables>(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ number: string; version: string }>`
    select current_setting('server_version_num') as number, current_setting('server_version') as version
  `.execute(db);
  const [server] = rows;
  if (server !== undefined && Number(server.number) >= oldestServer) return;
  throw new RefusalError(
    `this Postgres is ${server?.version ?? 'of an unknown version'}; Rollcall needs 15 or newer`,
  );
}
