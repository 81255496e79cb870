import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { BookTables } from '#shared/store/tables.ts';

const retryMs = 500;

/**
 * Waits until this session is the one that writes the book. The lock lives as long as the session, so
 * everything has to be written through it.
 */
export async function holdBookLock(
  db: Kysely<BookTables>,
  {
    clock,
    logger,
    onStandby,
  }: { readonly clock: Clock; readonly logger: Logger; readonly onStandby?: () => void },
  signal: AbortSignal,
): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_lock(1919904876, 1) as held`.execute(db);
    if (rows[0]?.held === true) return;
    if (!isTold) {
      logger.info('another recorder is active, waiting for it to end');
      onStandby?.();
    }
    await clock.sleep(retryMs, signal);
  }
}
